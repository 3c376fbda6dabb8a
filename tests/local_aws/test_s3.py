"""S3: what the pipeline relies on, and connections that stay open."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.aws_clients import s3_client
from tests.local_aws.aws import BUCKET, Aws

SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=testing/20250101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
}


@pytest.fixture
def connection(aws: Aws) -> http.client.HTTPConnection:
    """Return one connection, for requests made by hand."""
    return http.client.HTTPConnection("127.0.0.1", int(aws.endpoint.rpartition(":")[2]), timeout=5)


@pytest.fixture
def versioned(aws: Aws) -> str:
    """Return the name of a bucket that keeps every version."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    return "versioned"


def create_once(s3: Any, bucket: str, key: str, body: bytes = b"mine") -> bool:
    """Return whether we were the one to create the object."""
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body, IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        return False
    return True


def test_of_many_that_create_an_object_at_once_one_succeeds(aws: Aws) -> None:
    racers, keys = 4, 5
    # So large that it goes to a file: long enough for the others to come in between.
    body = bytes(6_000_000)
    clients = [s3_client(aws.endpoint) for _ in range(racers)]
    start = threading.Barrier(racers)

    def race(s3: Any) -> list[bool]:
        wins = []
        for number in range(keys):
            start.wait()
            wins.append(create_once(s3, BUCKET, f"race/{number}", body))
        return wins

    with ThreadPoolExecutor(racers) as pool:
        wins = list(pool.map(race, clients))
    assert [sum(of_one_key) for of_one_key in zip(*wins, strict=True)] == [1] * keys


def test_a_deleted_object_can_be_created_once_again(aws: Aws, versioned: str) -> None:
    s3 = aws.client("s3")
    assert create_once(s3, versioned, "open.json")
    assert not create_once(s3, versioned, "open.json")
    s3.delete_object(Bucket=versioned, Key="open.json")
    assert create_once(s3, versioned, "open.json")


def test_many_requests_go_over_one_connection(connection: http.client.HTTPConnection) -> None:
    for number in range(5):
        body = str(number) * 1000
        connection.request("PUT", f"/{BUCKET}/kept/{number}", body, SIGNED)
        assert connection.getresponse().read() == b""
        socket = connection.sock
        connection.request("GET", f"/{BUCKET}/kept/{number}", headers=SIGNED)
        assert connection.getresponse().read().decode() == body
        assert connection.sock is socket


def test_a_body_that_a_refused_request_carries_is_no_request(
    connection: http.client.HTTPConnection,
) -> None:
    looks_like_one = f"PUT /{BUCKET}/smuggled HTTP/1.1\r\nContent-Length: 0\r\n\r\n"
    connection.request("PUT", "/no-such-bucket/key", looks_like_one, SIGNED)
    answer = connection.getresponse()
    assert (answer.status, b"NoSuchBucket" in answer.read()) == (404, True)
    connection.request("HEAD", f"/{BUCKET}/smuggled", headers=SIGNED)
    assert connection.getresponse().status == 404


def test_a_chunked_body_is_taken_whole(connection: http.client.HTTPConnection) -> None:
    parts = (b"part one, ", b"part two")
    connection.request("PUT", f"/{BUCKET}/chunks", iter(parts), SIGNED, encode_chunked=True)
    assert connection.getresponse().read() == b""
    connection.request("GET", f"/{BUCKET}/chunks", headers=SIGNED)
    assert connection.getresponse().read() == b"part one, part two"


def test_a_copy_takes_the_version_that_was_named_and_new_metadata(aws: Aws, versioned: str) -> None:
    s3 = aws.client("s3")
    first = s3.put_object(Bucket=versioned, Key="raw.csv", Body=b"first")["VersionId"]
    s3.put_object(Bucket=versioned, Key="raw.csv", Body=b"second")
    source = {"Bucket": versioned, "Key": "raw.csv", "VersionId": first}
    s3.copy_object(
        Bucket=versioned,
        Key="archive.csv",
        CopySource=source,
        Metadata={"delivered-at": "2025-04-01"},
        MetadataDirective="REPLACE",
    )
    copied = s3.get_object(Bucket=versioned, Key="archive.csv")
    assert copied["Body"].read() == b"first"
    assert copied["Metadata"] == {"delivered-at": "2025-04-01"}


def test_an_object_of_many_parts_is_whole(aws: Aws) -> None:
    s3, content = aws.client("s3"), bytes(range(256)) * 40_000
    s3.put_object(Bucket=BUCKET, Key="big", Body=content)
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    of_upload = {"Bucket": BUCKET, "Key": "parts", "UploadId": upload}
    parts = []
    for number, span in enumerate(("bytes=0-5242879", "bytes=5242880-10239999"), start=1):
        part = s3.upload_part_copy(
            **of_upload,
            PartNumber=number,
            CopySource={"Bucket": BUCKET, "Key": "big"},
            CopySourceRange=span,
        )
        parts.append({"PartNumber": number, "ETag": part["CopyPartResult"]["ETag"]})
    s3.complete_multipart_upload(**of_upload, MultipartUpload={"Parts": parts})
    assert s3.get_object(Bucket=BUCKET, Key="parts")["Body"].read() == content


def test_a_folder_of_deleted_objects_is_not_listed(aws: Aws, versioned: str) -> None:
    s3 = aws.client("s3")
    for key in ("a/b/gone", "a/c/there", "d/gone"):
        s3.put_object(Bucket=versioned, Key=key, Body=b"")
    for key in ("a/b/gone", "d/gone"):
        s3.delete_object(Bucket=versioned, Key=key)
    for prefix, folders in (("a/", ["a/c/"]), ("", ["a/"])):
        found = s3.list_objects_v2(Bucket=versioned, Prefix=prefix, Delimiter="/")
        assert [each["Prefix"] for each in found["CommonPrefixes"]] == folders
