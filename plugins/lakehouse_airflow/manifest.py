"""The manifest of a batch: which file versions of ``raw/`` it has, and what their headers say."""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from lakehouse_airflow.batches import REPLACED, Batch
from lakehouse_airflow.contract import Contract
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.headers import HEADER_BYTES, judge_header
from lakehouse_airflow.records import Record, Records, utc_text

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

DELIVERED_AT = "delivered-at"  # S3 metadata: the first delivery of a file that was archived once


class BucketNotVersioned(AirflowFailException):
    """Without versions, a file that arrives during the load would be archived unread."""


@dataclass(frozen=True)
class RawFile:
    """One file version in ``raw/``."""

    dataset: str
    key: str
    version_id: str
    etag: str
    size: int
    modified_at: datetime


def freeze_manifest(
    deployment: Deployment, records: Records, contract: Contract, dag_run_id: str
) -> str | None:
    """Write the manifest of what lies in ``raw/``, unless it is there; return the batch id.

    None stands for no file of a dataset.

    Raises:
        BucketNotVersioned: the bucket keeps no versions.
    """
    files = list(_plannable_files(deployment, records.s3, contract))
    if not files:
        return None
    batch_id = _unused_id(records, files, contract)
    manifest = {
        "batch_id": batch_id,
        "planned_at": utc_text(datetime.now(UTC).replace(microsecond=0)),
        "planned_by": dag_run_id,
        "contract_version": contract.version,
        "bucket": deployment.bucket,
        "files": [_planned(deployment.bucket, records.s3, contract, file) for file in files],
    }
    records.create(f"{batch_id}/manifest.json", manifest)
    return batch_id


def batch_id_of(files: list[RawFile]) -> str:
    """Return the id of a batch: a hash of its sorted keys and versions."""
    pairs = sorted(f"{file.key}\n{file.version_id}\n" for file in files)
    return _short_hash("".join(pairs))


def current_versions(s3: "S3Client", deployment: Deployment) -> dict[str, str]:
    """Return the current version of every key in ``raw/``."""
    newest = _newest_versions(s3, deployment.bucket, deployment.prefixes.raw)
    return {entry["Key"]: entry["VersionId"] for entry in newest}


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _unused_id(records: Records, files: list[RawFile], contract: Contract) -> str:
    """Return the id of a batch, hashed again while a batch that gives way to others has it.

    A replaced batch stays closed, so that the way from batch to batch never leads in a circle.
    """
    batch = Batch(records, batch_id_of(files))
    while batch.read(REPLACED) or _is_outdated(batch, contract):
        batch = Batch(records, _short_hash(batch.batch_id))
    return batch.batch_id


def _is_outdated(batch: Batch, contract: Contract) -> bool:
    """Return whether these files were planned under another contract, and nothing came of it."""
    manifest = batch.read("manifest.json")
    if manifest is None or manifest["contract_version"] == contract.version:
        return False
    return not (batch.was_loaded() or batch.is_begun())


def _plannable_files(
    deployment: Deployment, s3: "S3Client", contract: Contract
) -> Iterator[RawFile]:
    """Yield the newest version of every file of a dataset; warn of all else and leave it."""
    _require_versions(s3, deployment.bucket)
    prefix = deployment.prefixes.raw
    for entry in _newest_versions(s3, deployment.bucket, prefix):
        key = entry["Key"]
        dataset, _, name = key.removeprefix(prefix).partition("/")
        if entry["Size"] == 0 and key.endswith("/"):
            continue
        if dataset not in contract.delivered_columns or not _is_csv_name(name):
            log.warning("%s is left alone: no .csv file of a dataset in the contract", key)
            continue
        yield RawFile(
            dataset=dataset,
            key=key,
            version_id=entry["VersionId"],
            etag=entry["ETag"].strip('"'),
            size=entry["Size"],
            modified_at=entry["LastModified"],
        )


def _is_csv_name(name: str) -> bool:
    """Return whether this names a CSV file; Spark passes over names that start with _ or a dot."""
    return name.endswith(".csv") and not name.rpartition("/")[2].startswith(("_", "."))


def _newest_versions(s3: "S3Client", bucket: str, prefix: str) -> Iterator[Any]:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        yield from (entry for entry in page.get("Versions", []) if entry["IsLatest"])


def _require_versions(s3: "S3Client", bucket: str) -> None:
    if s3.get_bucket_versioning(Bucket=bucket).get("Status") != "Enabled":
        raise BucketNotVersioned(f"bucket {bucket} keeps no versions: enable versioning on it")


def _planned(bucket: str, s3: "S3Client", contract: Contract, file: RawFile) -> Record:
    """Return the manifest's entry of a file, with its header read from exactly that version."""
    # S3 refuses a range of an empty object.
    start: Any = {"Range": f"bytes=0-{HEADER_BYTES - 1}"} if file.size else {}
    found = s3.get_object(Bucket=bucket, Key=file.key, VersionId=file.version_id, **start)
    header = judge_header(
        found["Body"].read(),
        whole=file.size <= HEADER_BYTES,
        required=contract.delivered_columns[file.dataset],
    )
    if header.reasons:
        log.warning("%s is rejected whole: %s", file.key, ", ".join(header.reasons))
    return {
        "dataset": file.dataset,
        "key": file.key,
        "version_id": file.version_id,
        "etag": file.etag,
        "size": file.size,
        "delivered_at": utc_text(_delivered_at(file, found["Metadata"])),
        "columns": list(header.columns),
        "header": {"verdict": header.verdict, "reasons": list(header.reasons)},
    }


def _delivered_at(file: RawFile, metadata: dict[str, str]) -> datetime:
    """Return the delivery time kept in the object's metadata, else its LastModified."""
    kept = metadata.get(DELIVERED_AT)
    if kept is None:
        return file.modified_at
    try:
        moment = datetime.fromisoformat(kept)
    except ValueError:
        log.warning("%s: metadata %s is no ISO time and is ignored", file.key, DELIVERED_AT)
        return file.modified_at
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
