"""The mark that a batch is published: loaded, checked, crawled and verified."""

import logging
from datetime import UTC, datetime

from lakehouse_airflow.batches import (
    PUBLISHED,
    VERIFIED,
    Batch,
    BatchNotReady,
    batch_of,
    require_planned,
)
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record, Records, utc_text
from lakehouse_airflow.verification import VERIFICATIONS

log = logging.getLogger(__name__)


def publish_batch(deployment: Deployment, batch_id: str, dag_run_id: str) -> str:
    """Mark the batch's current attempt as published, once; return when it was.

    Raises:
        BatchNotReady: a step before is missing; the message names the task to clear.
    """
    batch = batch_of(deployment, batch_id)
    batch.require_crawled()
    publication = batch.publication() or _publish(deployment, batch, dag_run_id)
    log.info("batch %s is published since %s", batch_id, publication["published_at"])
    return str(publication["published_at"])


def prepare_load(deployment: Deployment, batch_id: str) -> None:
    """Require a planned batch, and hide it from Athena's readers if it was published and undone."""
    require_planned(deployment, batch_id)
    batch = batch_of(deployment, batch_id)
    marks, name = _marks(deployment, batch), f"{batch_id}.json"
    # Deleting a version brings back the one before.
    while (mark := marks.read(name)) and mark["attempt"] != batch.current_attempt():
        marks.delete_if(name, mark)


def _publish(deployment: Deployment, batch: Batch, dag_run_id: str) -> Record:
    _require_verified(batch)
    mark = {
        "attempt": batch.current_attempt(),
        "published_at": utc_text(datetime.now(UTC)),
        "dag_run": dag_run_id,
    }
    # The record comes last: whoever goes by it finds that Athena's readers see the batch.
    line = {"batch_id": batch.batch_id, **mark}
    _marks(deployment, batch).put_line(f"{batch.batch_id}.json", line)
    publication = {**mark, "versions": _versions(batch.loaded_ledger())}
    batch.put(PUBLISHED, publication)
    return publication


def _marks(deployment: Deployment, batch: Batch) -> Records:
    """Return what the external table ``published_batches`` lies over."""
    return Records(batch.records.s3, deployment.bucket, deployment.prefixes.published)


def _require_verified(batch: Batch) -> None:
    attempt = batch.current_attempt()
    for name in VERIFICATIONS:
        if batch.read(VERIFIED.format(attempt, name)) is None:
            raise BatchNotReady(f"batch {batch.batch_id} is not verified: clear query_{name}")


def _versions(ledger: Record) -> dict[str, int]:
    """Return the version of each table that the batch made, or left as it was."""
    tables = {**ledger["datasets"], "rejected": ledger["rejected"]}
    return {name: counts["new_version"] for name, counts in tables.items()}
