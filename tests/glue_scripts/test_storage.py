"""The bucket on S3, asked of a server that speaks S3."""

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]
from lakehouse_spark.storage import S3Storage

MOTO = Path(__file__).parents[2] / ".venv/bin/moto_server"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start an S3 of our own; return its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([MOTO, "-H", "127.0.0.1", "-p", str(port)])
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as attempt:
            if attempt.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the S3 server did not start")


@pytest.fixture
def bucket(
    server: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> S3Storage:
    """Return a versioned bucket, empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    name = f"bucket-{abs(hash(request.node.name))}"
    client = boto3.client("s3")
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return S3Storage(name)


def test_spark_finds_the_bucket_under_its_root(bucket: S3Storage) -> None:
    assert bucket.root.startswith("s3://bucket-")


def test_what_is_put_can_be_read_until_it_is_deleted(bucket: S3Storage) -> None:
    bucket.put("a.json", b"1")
    bucket.put("a.json", b"2")
    assert bucket.read("a.json") == b"2"
    bucket.delete("a.json")
    bucket.delete("a.json")
    assert bucket.read("a.json") is None


def test_an_object_is_created_once(bucket: S3Storage) -> None:
    assert bucket.create("a.json", b"1")
    assert not bucket.create("a.json", b"2")
    assert bucket.read("a.json") == b"1"


def test_keys_are_listed_by_prefix(bucket: S3Storage) -> None:
    for key in ("a/2", "b/1", "a/1", "ab"):
        bucket.put(key, b"")
    assert bucket.keys("a/") == ["a/1", "a/2"]
    assert bucket.keys("c/") == []


def test_each_version_of_an_object_is_told_apart(bucket: S3Storage) -> None:
    bucket.put("a.csv", b"1")
    first = bucket.identify("a.csv")
    bucket.put("a.csv", b"1")
    second = bucket.identify("a.csv")
    assert first is not None
    assert second is not None
    assert first.etag == second.etag == "c4ca4238a0b923820dcc509a6f75849b"
    assert first.version_id != second.version_id


def test_an_object_that_is_not_there_is_no_version(bucket: S3Storage) -> None:
    bucket.put("a.csv", b"1")
    bucket.delete("a.csv")
    assert bucket.identify("a.csv") is None


def test_a_bucket_that_is_not_there_is_an_error(bucket: S3Storage) -> None:
    gone = S3Storage("no-such-bucket")
    for ask in (gone.read, gone.keys, gone.delete):
        with pytest.raises(ClientError, match="NoSuchBucket"):
            ask("a.csv")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        gone.create("a.csv", b"")
