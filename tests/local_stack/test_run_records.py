import json
from typing import Any

import boto3
import pytest
from mypy_boto3_s3 import S3Client

from local_stack import run_records
from local_stack.deployment import INBOX, Deployment
from local_stack.run_records import RunRecords, read_alerts, read_run_records

RUN = "demo__1"


@pytest.fixture
def topic(s3: S3Client) -> str:
    """A topic whose messages reach the inbox."""
    queue = boto3.client("sqs").create_queue(QueueName=INBOX)["QueueUrl"]
    arn = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    topic: str = boto3.client("sns").create_topic(Name="failures")["TopicArn"]
    boto3.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
    )
    return topic


@pytest.fixture(autouse=True)
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_records, "ALERT_SECONDS", 0.1)


def put(s3: S3Client, deployment: Deployment, name: str, record: dict[str, Any]) -> None:
    s3.put_object(
        Bucket=deployment.bucket, Key=deployment.batches + name, Body=json.dumps(record).encode()
    )


def test_a_run_that_planned_nothing_has_no_records(s3: S3Client, deployment: Deployment) -> None:
    assert read_run_records(s3, deployment, RUN) == RunRecords()


def test_a_run_that_only_planned_has_a_batch_and_nothing_else(
    s3: S3Client, deployment: Deployment
) -> None:
    put(s3, deployment, f"_runs/{RUN}.json", {"batch_id": "b1"})

    assert read_run_records(s3, deployment, RUN) == RunRecords(batch_id="b1")


def test_a_run_shows_the_records_of_its_batch(s3: S3Client, deployment: Deployment) -> None:
    put(s3, deployment, f"_runs/{RUN}.json", {"batch_id": "b1"})
    put(s3, deployment, "b1/load.json", {"state": "committed"})
    put(s3, deployment, "b1/quality.json", {"verdict": "pass"})
    put(s3, deployment, "b1/archived.json", {"files": [{"archive_key": "archive/orders/b1/1.csv"}]})

    records = read_run_records(s3, deployment, RUN)

    assert records.load == {"state": "committed"}
    assert records.quality == {"verdict": "pass"}
    assert records.archived == ["archive/orders/b1/1.csv"]


def test_alerts_are_the_messages_that_name_the_run_or_its_batch(topic: str) -> None:
    sns = boto3.client("sns")
    sns.publish(TopicArn=topic, Subject="FAILED", Message=f"DAG run: {RUN}")
    sns.publish(TopicArn=topic, Subject="Published", Message="batch b1")
    sns.publish(TopicArn=topic, Subject="Another", Message="DAG run: demo__0, batch b0")

    alerts = read_alerts(boto3.client("sqs"), RUN, "b1")

    assert {(alert.topic, alert.subject) for alert in alerts} == {
        ("failures", "FAILED"),
        ("failures", "Published"),
    }


def test_more_messages_than_one_request_gives_are_all_read(topic: str) -> None:
    for number in range(13):
        boto3.client("sns").publish(TopicArn=topic, Subject=f"No. {number}", Message=RUN)

    assert len(read_alerts(boto3.client("sqs"), RUN, None)) == 13


def test_without_a_message_there_are_no_alerts(topic: str) -> None:
    assert read_alerts(boto3.client("sqs"), RUN, None) == []
