"""JSON records in S3 (docs/records.md): read, written once, overwritten."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lakehouse_airflow.aws import DEFAULT_CONNECTION, aws_client, error_code
from lakehouse_airflow.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

Record = dict[str, Any]

MISSING = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
# 412: the object is there, or is another one; 409: another writer is writing it right now.
ALREADY_THERE = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class RecordError(Exception):
    """A record can't be read or written."""


def utc_text(moment: datetime) -> str:
    """Return a time as the records write it: ``2026-11-24T03:00:00Z``."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Records:
    """The JSON records under one prefix of a bucket; a name is the key without the prefix."""

    s3: "S3Client"
    bucket: str
    prefix: str

    def read(self, name: str) -> Record | None:
        """Return the record, or None where there is none."""
        found = self._find(name)
        return found and self._parse(name, found["Body"].read())

    def create(self, name: str, record: Record) -> Record:
        """Write the record if there is none yet; return the one that is there now."""
        try:
            self._write(name, record, IfNoneMatch="*")
        except ClientError as error:
            if error_code(error) not in ALREADY_THERE:
                raise
            earlier = self.read(name)
            if earlier is None:
                raise RecordError(f"{self.url(name)} is being written by another task") from error
            return earlier
        return record

    def put(self, name: str, record: Record) -> None:
        """Write the record, over an earlier one if there is one."""
        self._write(name, record)

    def put_line(self, name: str, record: Record) -> None:
        """Write the record on one line, as Athena reads JSON, over an earlier one."""
        self._put(name, json.dumps(record, ensure_ascii=False))

    def replace_if(self, name: str, record: Record, by: Record) -> bool:
        """Write `by` over the record if it is this one; what another writes meanwhile stays.

        Return whether it was written.
        """
        found = self._find(name)
        if found is None or self._parse(name, found["Body"].read()) != record:
            return False
        try:
            self._write(name, by, IfMatch=found["ETag"])
        except ClientError as error:
            if error_code(error) not in ALREADY_THERE | MISSING:
                raise
            return False
        return True

    def delete_if(self, name: str, record: Record) -> None:
        """Delete the record if it is this one; what another writes meanwhile stays."""
        found = self._find(name)
        if found is None or self._parse(name, found["Body"].read()) != record:
            return
        # The earlier versions first: deleting the newest one brings back the one before.
        for version in (*self._earlier_versions(name), found["VersionId"]):
            self.s3.delete_object(Bucket=self.bucket, Key=self.prefix + name, VersionId=version)

    def names(self, under: str) -> list[str]:
        """Return the names of all records that start with `under`."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix + under
        )
        keys = (entry["Key"] for page in pages for entry in page.get("Contents", []))
        return [key.removeprefix(self.prefix) for key in keys]

    def url(self, name: str) -> str:
        """Return where the record lies, for messages."""
        return f"s3://{self.bucket}/{self.prefix}{name}"

    def _earlier_versions(self, name: str) -> list[str]:
        key = self.prefix + name
        pages = self.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix=key
        )
        versions = (version for page in pages for version in page.get("Versions", []))
        return [
            version["VersionId"]
            for version in versions
            if version["Key"] == key and not version["IsLatest"]
        ]

    def _find(self, name: str) -> dict[str, Any] | None:
        try:
            return dict(self.s3.get_object(Bucket=self.bucket, Key=self.prefix + name))
        except ClientError as error:
            if error_code(error) in MISSING:
                return None
            raise

    def _write(self, name: str, record: Record, **condition: Any) -> None:
        self._put(name, json.dumps(record, ensure_ascii=False, indent=1), **condition)

    def _put(self, name: str, text: str, **condition: Any) -> None:
        self.s3.put_object(
            Bucket=self.bucket,
            Key=self.prefix + name,
            Body=text.encode(),
            ContentType="application/json",
            **condition,
        )

    def _parse(self, name: str, body: bytes) -> Record:
        try:
            record: Record = json.loads(body)
        except ValueError as error:
            raise RecordError(f"{self.url(name)} is not JSON: {error}") from error
        return record


def batch_records(deployment: Deployment, aws_conn_id: str | None = DEFAULT_CONNECTION) -> Records:
    """Return the records under ``batches/`` of the deployment's bucket."""
    s3: S3Client = aws_client("s3", deployment.region, aws_conn_id)
    return Records(s3, deployment.bucket, deployment.prefixes.batches)
