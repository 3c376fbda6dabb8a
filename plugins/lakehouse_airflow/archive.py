"""Archiving: the files of a published batch leave ``raw/``, and the batch is closed."""

import logging

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

from lakehouse_airflow.batches import Batch, batch_of
from lakehouse_airflow.deployment import Deployment, Prefixes
from lakehouse_airflow.moving import COPY_IN_PARTS, Move, move_file
from lakehouse_airflow.records import Record

log = logging.getLogger(__name__)


class ArchiveError(Exception):
    """S3 refused to move a file; the message names it."""


def archive_files(
    deployment: Deployment, batch_id: str, config: TransferConfig = COPY_IN_PARTS
) -> int:
    """Move the batch's files to the archive, close the batch; return how many files it has.

    Raises:
        BatchNotReady: the batch is not loaded, has not passed the quality gate or is not published.
        FileLost, CopyDiffers, ArchiveError: a file could not be moved; clearing goes on with it.
    """
    batch = batch_of(deployment, batch_id)
    batch.require_published()
    archived = batch.read("archived.json") or _archive(deployment.prefixes, batch, config)
    batch.close()
    return len(archived["files"])


def archive_key(prefixes: Prefixes, batch_id: str, file: Record) -> str:
    """Return where a file of the ledger goes; rejected files have a folder of their own.

    The ledger, because the load can reject a file whose header the manifest accepts.
    """
    dataset = file["dataset"]
    name = file["key"].removeprefix(f"{prefixes.raw}{dataset}/")
    if file["verdict"] == "rejected":
        return f"{prefixes.archive}rejected_files/{batch_id}/{dataset}/{name}"
    return f"{prefixes.archive}{dataset}/{batch_id}/{name}"


def move_planned(
    batch: Batch, file: Record, target_key: str, config: TransferConfig = COPY_IN_PARTS
) -> None:
    """Move a file of the manifest, in exactly the version that was planned."""
    move = Move(
        bucket=batch.records.bucket,
        key=file["key"],
        version_id=file["version_id"],
        size=file["size"],
        etag=file["etag"],
        delivered_at=file["delivered_at"],
        target_key=target_key,
    )
    try:
        move_file(batch.records.s3, move, config)
    except ClientError as error:
        raise ArchiveError(f"{move.key} could not be archived: {error}") from error
    log.info("%s is archived as %s", move.key, move.target_key)


def moved_to(file: Record, archive_key: str | None) -> Record:
    """Return what the records say of a file of the manifest that has left ``raw/``."""
    return {
        "key": file["key"],
        "version_id": file["version_id"],
        "archive_key": archive_key,
        "size": file["size"],
    }


def _archive(prefixes: Prefixes, batch: Batch, config: TransferConfig) -> Record:
    """Move every file of the manifest, then write down where each of them went."""
    manifest, ledger = batch.manifest(), batch.loaded_ledger()
    target_keys = {
        file["key"]: archive_key(prefixes, batch.batch_id, file) for file in ledger["files"]
    }
    archived: Record = {"files": []}
    for file in manifest["files"]:
        target_key = target_keys[file["key"]]
        move_planned(batch, file, target_key, config)
        archived["files"].append(moved_to(file, target_key))
    batch.put("archived.json", archived)
    return archived
