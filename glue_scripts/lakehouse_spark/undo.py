"""Take back what an attempt committed: every table goes back to its base version."""

from datetime import UTC, datetime

from delta.tables import DeltaTable
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from lakehouse_spark.batches import BASE_VERSIONS, LEDGER, UNDO_STARTED, UNDONE, BatchRecords
from lakehouse_spark.delta_log import Metadata
from lakehouse_spark.history import commit_metadata, commits_above
from lakehouse_spark.lease import Lease
from lakehouse_spark.refusal import write_rejects
from lakehouse_spark.steps import Steps, log
from lakehouse_spark.storage import Storage
from lakehouse_spark.tables import REJECTED, ensure_properties, read_version, table_path

UNDO = "undo"


class UndoError(RuntimeError):
    """A table has commits that are not the batch's own, so they can't be taken back with it."""


def undo_batch(
    spark: SparkSession, storage: Storage, batch_id: str, lease: Lease | None = None
) -> bool:
    """End the batch's current attempt, or an undo that broke off; return whether there was one.

    Raises UndoError, before anything is changed, where others have committed since.
    """
    records, steps = BatchRecords(storage, batch_id), Steps()
    attempt = records.unfinished_undo() or records.current_attempt()
    if records.read(BASE_VERSIONS.format(attempt)) is None:
        log.info("attempt %d has no base versions, so there is nothing to undo", attempt)
        return False
    undo_attempt(spark, storage.root, records, attempt, steps, lease)
    return True


def undo_attempt(
    spark: SparkSession,
    root: str,
    records: BatchRecords,
    attempt: int,
    steps: Steps,
    lease: Lease | None = None,
) -> None:
    """Restore the tables and delete the ledger; safe to run again, wherever it broke off."""
    versions = records.read(BASE_VERSIONS.format(attempt)) or {}
    for table, version in versions.items():
        _refuse_commits_of_others(spark, table_path(root, table), version, records.batch_id)
    records.create(UNDO_STARTED.format(attempt), {"ledger": records.read(LEDGER)})
    metadata = {"batch_id": records.batch_id, "attempt": attempt, "step": UNDO}
    # Those that refer go first, so that a reader never sees an item without its order.
    for table, version in reversed(list(versions.items())):
        if lease:
            lease.check()
        with steps.step(f"undo_{table}") as counts:
            if table == REJECTED:
                counts["rejects"] = _keep_rejects(spark, root, records, version)
            counts["restored"] = int(_restore(spark, table_path(root, table), version, metadata))
    records.delete(LEDGER)
    ended = datetime.now(UTC).isoformat(timespec="seconds")
    records.put(UNDONE.format(attempt), {"finished_at": ended})


def _refuse_commits_of_others(spark: SparkSession, path: str, version: int, batch_id: str) -> None:
    for commit in commits_above(spark, path, version):
        if commit.metadata.get("batch_id") != batch_id:
            raise UndoError(
                f"{path}: version {commit.version} ({commit.operation}) is not of batch "
                f"{batch_id}, and going back to version {version} would take it back too"
            )


def _keep_rejects(spark: SparkSession, root: str, records: BatchRecords, version: int) -> int:
    """Write what the batch made of its rejects into its folder, for people to look at.

    Not when the table has been restored already: then an earlier run has written it.
    """
    path = table_path(root, REJECTED)
    commits = commits_above(spark, path, version)
    if not commits or commits[0].metadata.get("step") == UNDO:
        return 0
    last_seen = F.col("last_seen_at") == F.lit(records.manifest().planned_at)
    rejects_df = read_version(spark, path, commits[0].version).where(last_seen)
    _, reasons = write_rejects(root, records, rejects_df)
    return sum(each["count"] for each in reasons)


def _restore(spark: SparkSession, path: str, version: int, metadata: Metadata) -> bool:
    """Bring the table back to `version`; return False where it is there already."""
    commits = commits_above(spark, path, version)
    differs = bool(commits) and commits[0].metadata != metadata
    with commit_metadata(spark, metadata):
        if differs:
            DeltaTable.forPath(spark, path).restoreToVersion(version)
        # A RESTORE brings back the properties of then, too.
        ensure_properties(spark, path)
    return differs
