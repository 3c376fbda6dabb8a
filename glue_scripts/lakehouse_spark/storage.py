"""The bucket as the jobs use it: small objects by key, and which version of one is current."""

import time
from dataclasses import dataclass
from typing import Any, Protocol

import boto3  # type: ignore[import-untyped]
from botocore.exceptions import ClientError

ABSENT = {"NoSuchKey", "404"}
NOT_VERSIONED = "null"
# S3 can't tell yet whether the condition holds, because another is writing or deleting right now.
CONFLICT = {"ConditionalRequestConflict"}
CONFLICT_PAUSES = (0.1, 0.3, 1.0, 3.0)
CHANGED = {"PreconditionFailed"}


@dataclass(frozen=True)
class ObjectIdentity:
    """What tells one version of an object from another."""

    version_id: str
    etag: str


@dataclass(frozen=True)
class StoredObject:
    """One version of an object."""

    content: bytes
    identity: ObjectIdentity


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


class VersionedStorage(Storage, Protocol):
    """Storage that never takes one version of an object for another."""

    def get(self, key: str) -> StoredObject | None:
        """Return the object's content and which version it is, or None where there is none."""

    def delete_version(self, key: str, identity: ObjectIdentity) -> None:
        """Delete this version of the object for good; where another is current, that one stays."""


class S3Storage:
    """A bucket; credentials, region and endpoint come from the environment, as on Glue."""

    def __init__(self, bucket: str) -> None:
        """Address `bucket` as ``s3://bucket``."""
        self.root = f"s3://{bucket}"
        self._bucket = bucket
        self._client: Any = boto3.client("s3")

    def read(self, key: str) -> bytes | None:
        """Return the object's content, or None where there is none."""
        found = self.get(key)
        return None if found is None else found.content

    def get(self, key: str) -> StoredObject | None:
        """Return the object's content and which version it is, or None where there is none."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            _raise_unless(error, ABSENT)
            return None
        return StoredObject(answer["Body"].read(), _identity(answer))

    def create(self, key: str, content: bytes) -> bool:
        """Write the object unless there is one; return whether we wrote it."""
        for pause in CONFLICT_PAUSES:
            try:
                return self._create(key, content)
            except ClientError as error:
                _raise_unless(error, CONFLICT)
                time.sleep(pause)
        return self._create(key, content)

    def _create(self, key: str, content: bytes) -> bool:
        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, IfNoneMatch="*")
        except ClientError as error:
            _raise_unless(error, CHANGED)
            return False
        return True

    def put(self, key: str, content: bytes) -> None:
        """Write the object, over whatever is there."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content)

    def delete(self, key: str) -> None:
        """Delete the object; there may be none."""
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def delete_version(self, key: str, identity: ObjectIdentity) -> None:
        """Delete this version of the object for good; where another is current, that one stays."""
        only = {"VersionId": identity.version_id}
        if identity.version_id == NOT_VERSIONED:
            # This id says nothing, so S3 is to compare.
            only = {"IfMatch": identity.etag}
        try:
            self._client.delete_object(Bucket=self._bucket, Key=key, **only)
        except ClientError as error:
            _raise_unless(error, ABSENT | CHANGED | CONFLICT)

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
        return _identity(head)


def _identity(answer: dict[str, Any]) -> ObjectIdentity:
    return ObjectIdentity(answer.get("VersionId", NOT_VERSIONED), answer["ETag"].strip('"'))


def _raise_unless(error: ClientError, codes: set[str]) -> None:
    if error.response["Error"]["Code"] not in codes:
        raise error
