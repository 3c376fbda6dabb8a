"""What a run left behind: the records of its batch, and the messages that it sent."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from mypy_boto3_s3 import S3Client
from mypy_boto3_sqs import SQSClient

from local_stack.deployment import INBOX, Deployment

OPEN_BATCH = "_open.json"
ALERT_SECONDS = 10
POLL_SECONDS = 0.5

Record = dict[str, Any]


@dataclass(frozen=True)
class Alert:
    """A message as it was published: the topic's name, subject and text."""

    topic: str
    subject: str
    message: str

    @property
    def text(self) -> str:
        """All that a person reads of it."""
        return f"{self.subject}\n{self.message}"


@dataclass(frozen=True)
class RunRecords:
    """The records of one DAG run's batch; None is what the run did not get to write."""

    batch_id: str | None = None
    load: Record | None = None
    quality: Record | None = None
    archived: list[str] = field(default_factory=list)


def read_run_records(s3: S3Client, deployment: Deployment, run_id: str) -> RunRecords:
    """Return what the batch of the DAG run has to show by now."""
    run = read_record(s3, deployment, f"_runs/{run_id}.json")
    if run is None:
        return RunRecords()
    batch_id = str(run["batch_id"])
    archived = read_record(s3, deployment, f"{batch_id}/archived.json") or {"files": []}
    return RunRecords(
        batch_id=batch_id,
        load=read_record(s3, deployment, f"{batch_id}/load.json"),
        quality=read_record(s3, deployment, f"{batch_id}/quality.json"),
        archived=[file["archive_key"] for file in archived["files"]],
    )


def read_record(s3: S3Client, deployment: Deployment, name: str) -> Record | None:
    """Return the JSON object of this name under batches/, None where there is none."""
    try:
        found = s3.get_object(Bucket=deployment.bucket, Key=deployment.batches + name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchKey":
            return None
        raise
    record: Record = json.loads(found["Body"].read())
    return record


def read_alerts(sqs: SQSClient, *names: str | None) -> list[Alert]:
    """Empty the inbox; return the messages that name the DAG run or its batch.

    A failed task sends its message just after it is seen to have failed, so none yet is waited for.
    """
    deadline = time.monotonic() + ALERT_SECONDS
    wanted = [name for name in names if name]
    while True:
        alerts = [read_alert(body) for body in receive(sqs)]
        found = [alert for alert in alerts if any(name in alert.text for name in wanted)]
        if found or time.monotonic() > deadline:
            return found
        time.sleep(POLL_SECONDS)


def receive(sqs: SQSClient) -> list[str]:
    """Return the bodies of all messages in the inbox, and take them out."""
    queue = sqs.get_queue_url(QueueName=INBOX)["QueueUrl"]
    bodies = []
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def read_alert(body: str) -> Alert:
    """Return the message in what SNS puts into a queue."""
    envelope = json.loads(body)
    topic = envelope["TopicArn"].rpartition(":")[2]
    return Alert(topic, envelope.get("Subject") or "", envelope["Message"])
