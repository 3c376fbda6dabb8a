"""Local AWS in a process beside, and a bucket in it, as a Glue job finds them."""

import select
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3  # type: ignore[import-untyped]
import pytest
from lakehouse_spark.storage import S3Storage

from local_aws.settings import client_environment
from local_stack.paths import AIRFLOW_PYTHON, GLUE_PYTHON, JARS, JAVA_HOME, ROOT
from local_stack.ports import free_ports


@contextmanager
def local_cloud(home: Path) -> Iterator[str]:
    """Serve a local AWS of our own; return its address."""
    [port] = free_ports(1)
    command = [
        *(str(AIRFLOW_PYTHON), "-m", "local_aws", "--port", str(port), "--home", str(home)),
        *("--glue-python", str(GLUE_PYTHON), "--jars", str(JARS)),
        *("--java-home", JAVA_HOME.read_text().strip(), "--stop-grace-seconds", "1"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 60)[0], "local AWS did not start"
        assert process.stdout.readline().startswith("local AWS is ready")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def new_bucket(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, versioning: str | None = "Enabled"
) -> S3Storage:
    """Return an empty bucket, which until the end of the test is what the environment leads to."""
    for name, value in client_environment(endpoint).items():
        monkeypatch.setenv(name, value)
    name = f"bucket-{uuid.uuid4()}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=name)
    if versioning:
        configuration = {"Status": versioning}
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration=configuration)
    return S3Storage(name)
