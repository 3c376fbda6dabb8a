"""One message to one SNS topic: text for people, the same facts as JSON for machines."""

import json
from typing import TYPE_CHECKING

from lakehouse_airflow.aws import DEFAULT_CONNECTION, aws_client
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

SUBJECT_CHARACTERS = 99  # SNS takes fewer than 100, of ASCII, on one line


def publish(
    deployment: Deployment,
    topic: str,
    subject: str,
    message: str,
    facts: Record | None = None,
    aws_conn_id: str | None = DEFAULT_CONNECTION,
) -> str:
    """Publish to a topic of the account that the credentials belong to; return the message id."""
    region = deployment.region
    identity = aws_client("sts", region, aws_conn_id).get_caller_identity()
    partition = identity["Arn"].split(":")[1]
    sns: SNSClient = aws_client("sns", region, aws_conn_id)
    response = sns.publish(
        TopicArn=f"arn:{partition}:sns:{region}:{identity['Account']}:{topic}",
        Subject=_subject_line(subject),
        Message=_printable(message),
        MessageAttributes={
            "facts": {"DataType": "String", "StringValue": json.dumps(facts or {})},
        },
    )
    return response["MessageId"]


def _subject_line(subject: str) -> str:
    return " ".join(subject.split()).encode("ascii", "replace").decode()[:SUBJECT_CHARACTERS]


def _printable(text: str) -> str:
    """Return the text without control characters, for which SNS refuses the whole message."""
    return "".join(each if each.isprintable() or each in "\n\t" else "?" for each in text)
