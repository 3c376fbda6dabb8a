"""What tests of the Airflow side start from: an Airflow of their own, local AWS, its bucket."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_aws.settings import client_environment
from local_stack.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]

# Airflow reads these when it is first imported; conftest.py imports this module before any test.
if "airflow" not in sys.modules:
    os.environ["AIRFLOW_HOME"] = tempfile.mkdtemp(prefix="airflow-home-")
    os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    os.environ["AIRFLOW__CORE__PLUGINS_FOLDER"] = str(ROOT / "plugins")
    os.environ["AIRFLOW_CONN_AWS_DEFAULT"] = "aws://"  # there is no database to look it up in

Record = dict[str, Any]


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Local AWS, whose Glue runs scripts with this Python: no Spark is needed here."""
    home = tmp_path_factory.mktemp("aws")
    [port] = free_ports(1)
    command = [
        *(sys.executable, "-m", "local_aws", "--port", str(port), "--home", str(home)),
        *("--glue-python", sys.executable, "--jars", str(home), "--java-home", str(home)),
        *("--stop-grace-seconds", "3"),
    ]
    environment = client_environment(f"http://127.0.0.1:{port}")
    with (
        (home / "log").open("w") as log,
        subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log) as process,
    ):
        try:
            if not is_open(port, process):
                pytest.fail(f"local AWS does not start:\n{(home / 'log').read_text()}")
            with pytest.MonkeyPatch.context() as monkeypatch:
                for name, value in environment.items():
                    monkeypatch.setenv(name, value)
                tell_aws_of_no_caller(monkeypatch)
                yield environment["AWS_ENDPOINT_URL"]
        finally:
            process.terminate()


def tell_aws_of_no_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare each client the search for the operator that it names to AWS, a walk of the stack."""
    from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook

    monkeypatch.setattr(AwsGenericHook, "_get_caller", lambda _hook: "tests")


@pytest.fixture
def aws(endpoint: str) -> str:
    """Local AWS, empty."""
    urllib.request.urlopen(f"{endpoint}/moto-api/reset", data=b"").close()
    return endpoint


@pytest.fixture
def bucket(aws: str) -> "Bucket":
    """The deployment's bucket, empty."""
    bucket = Bucket(boto3.client("s3"), "delta-lake-bkt01")
    bucket.s3.create_bucket(Bucket=bucket.name)
    bucket.s3.put_bucket_versioning(
        Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )
    return bucket


@dataclass(frozen=True)
class Bucket:
    """A versioned bucket, and what a person would do with it."""

    s3: Any
    name: str

    def put(self, key: str, body: bytes | str = b"", **options: Any) -> str:
        """Write an object; return its version id."""
        written = self.s3.put_object(Bucket=self.name, Key=key, Body=body, **options)
        version: str = written.get("VersionId", "null")
        return version

    def get(self, key: str, **options: Any) -> dict[str, Any]:
        """Return an object, with its Body read."""
        found: dict[str, Any] = self.s3.get_object(Bucket=self.name, Key=key, **options)
        return {**found, "Body": found["Body"].read()}

    def listed(self, prefix: str = "") -> list[str]:
        """Return the keys under a prefix, in order."""
        listed = self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def put_record(self, name: str, record: Record) -> None:
        """Write a JSON record under ``batches/``."""
        self.put(f"batches/{name}", json.dumps(record))

    def put_batch(self, batch_id: str = "b1", **records: Record) -> None:
        """Write records of a batch: ``load={…}`` becomes ``load.json``."""
        for name, record in records.items():
            self.put_record(f"{batch_id}/{name}.json", record)

    def record(self, name: str) -> Record:
        """Return a JSON record under ``batches/``."""
        record: Record = json.loads(self.get(f"batches/{name}")["Body"])
        return record


@dataclass(frozen=True)
class Queue:
    """A queue that receives what is published to a topic."""

    sqs: Any
    url: str

    def messages(self) -> list[dict[str, Any]]:
        """Return and remove what has arrived, as SNS envelopes: Subject, Message and more."""
        received = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
        messages = received.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


def queue_on_topic(topic: str) -> Queue:
    """Create a topic (it may be there) and return a new queue that is subscribed to it."""
    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    arn = sns.create_topic(Name=topic)["TopicArn"]
    url = sqs.create_queue(QueueName=topic)["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=attributes["Attributes"]["QueueArn"])
    return Queue(sqs, url)


def is_open(port: int, process: "subprocess.Popen[bytes]") -> bool:
    """Return whether something listens on the port before the process ends."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False
