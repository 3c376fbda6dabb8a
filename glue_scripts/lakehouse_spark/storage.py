"""The bucket as the jobs use it: small objects by key, and which version of one is current."""

from dataclasses import dataclass
from typing import Any, Protocol

import boto3  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

ABSENT = {"NoSuchKey", "404"}
NOT_VERSIONED = "null"


@dataclass(frozen=True)
class ObjectIdentity:
    """What tells one version of an object from another."""

    version_id: str
    etag: str


class Storage(Protocol):
    """Objects by key under one root, which Spark can read too."""

    root: str

    def read(self, key: str) -> bytes | None:
        """Return the object's content, or None where there is none."""

    def create(self, key: str, content: bytes) -> bool:
        """Write the object unless there is one; return whether we wrote it."""

    def put(self, key: str, content: bytes) -> None:
        """Write the object, over whatever is there."""

    def delete(self, key: str) -> None:
        """Delete the object; there may be none."""

    def keys(self, prefix: str) -> list[str]:
        """Return the keys under `prefix`, sorted."""

    def identify(self, key: str) -> ObjectIdentity | None:
        """Return which version of the object is the current one, or None where there is none."""


class S3Storage:
    """A bucket; credentials, region and endpoint come from the environment, as on Glue."""

    def __init__(self, bucket: str) -> None:
        """Address `bucket` as ``s3://bucket``."""
        self.root = f"s3://{bucket}"
        self._bucket = bucket
        self._client: Any = boto3.client("s3")

    def read(self, key: str) -> bytes | None:
        """Return the object's content, or None where there is none."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            _raise_unless(error, ABSENT)
            return None
        content: bytes = answer["Body"].read()
        return content

    def create(self, key: str, content: bytes) -> bool:
        """Write the object unless there is one; return whether we wrote it."""
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, IfNoneMatch="*")
        except ClientError as error:
            _raise_unless(error, {"PreconditionFailed"})
            return False
        return True

    def put(self, key: str, content: bytes) -> None:
        """Write the object, over whatever is there."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content)

    def delete(self, key: str) -> None:
        """Delete the object; there may be none."""
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys under `prefix`, sorted."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        return sorted(each["Key"] for page in pages for each in page.get("Contents", []))

    def identify(self, key: str) -> ObjectIdentity | None:
        """Return which version of the object is the current one, or None where there is none."""
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            _raise_unless(error, ABSENT)
            return None
        return ObjectIdentity(head.get("VersionId", NOT_VERSIONED), head["ETag"].strip('"'))


def _raise_unless(error: ClientError, codes: set[str]) -> None:
    if error.response["Error"]["Code"] not in codes:
        raise error
