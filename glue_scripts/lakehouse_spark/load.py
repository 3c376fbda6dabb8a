"""Load one batch, as its manifest froze it, into the Delta tables: the whole recipe."""

from collections.abc import Mapping
from datetime import UTC, datetime

from pyspark.sql import DataFrame, SparkSession

from lakehouse_spark.attempt import Attempt, prepare_attempt
from lakehouse_spark.batches import ATTEMPT_LOADED, LEDGER, BatchRecords, Record
from lakehouse_spark.classification import WRITTEN
from lakehouse_spark.commits import commit_dataset, commit_rejects, unchanged
from lakehouse_spark.contract import Contract
from lakehouse_spark.ledger import Tally, Versions
from lakehouse_spark.planned import check_files
from lakehouse_spark.recipe import classify_dataset
from lakehouse_spark.steps import Steps
from lakehouse_spark.storage import Storage
from lakehouse_spark.tables import REJECTED
from lakehouse_spark.undo import undo_attempt


def load_batch(
    spark: SparkSession,
    contract: Contract,
    storage: Storage,
    batch_id: str,
    glue_run_id: str | None = None,
) -> Record:
    """Load the batch and return its ledger; a batch that is loaded is reported and left alone.

    Run again after any crash it ends with the same tables, rejects and ledger, because rows are
    judged by the base versions, and Delta skips what an earlier run of the attempt committed.
    """
    records, steps = BatchRecords(storage, batch_id), Steps(batch_id)
    if unfinished := records.unfinished_undo():
        undo_attempt(spark, storage.root, records, unfinished, steps)
    loaded = records.read(LEDGER)
    if loaded is not None:
        steps.say("is loaded already, nothing to do")
        return loaded
    with steps.step("load"):
        attempt = prepare_attempt(spark, contract, storage, records, steps)
        ledger = _load(attempt, storage)
        records.put(LEDGER, ledger)
    records.put(ATTEMPT_LOADED.format(attempt.number), _attempt_record(steps, glue_run_id))
    return ledger


def _load(attempt: Attempt, storage: Storage) -> Record:
    """Give every row its outcome, prove that none is missing, commit, and return the ledger."""
    try:
        tally = Tally(attempt.manifest)
        classified = _classify(attempt, tally)
        tally.check_balance()
        # Again, because the files have been read in between.
        check_files(storage, attempt.manifest.accepted())
        return tally.ledger(attempt.contract, _commit(attempt, classified, tally))
    finally:
        attempt.spark.catalog.clearCache()


def _classify(attempt: Attempt, tally: Tally) -> dict[str, DataFrame]:
    classified: dict[str, DataFrame] = {}
    for dataset in attempt.contract.datasets:
        if attempt.manifest.accepted(dataset.name):
            with attempt.steps.step(f"classify_{dataset.name}") as counts:
                classified[dataset.name] = classify_dataset(attempt, dataset, classified, tally)
                counts.update(tally.outcomes(dataset.name))
    return classified


def _commit(
    attempt: Attempt, classified: Mapping[str, DataFrame], tally: Tally
) -> dict[str, Versions]:
    """Commit parents before what refers to them, then the rejects; return all tables' versions."""
    versions = {table: unchanged(attempt, table) for table in attempt.base_versions}
    for dataset in attempt.contract.datasets:
        if dataset.name in classified:
            with attempt.steps.step(f"commit_{dataset.name}") as counts:
                outcomes = tally.outcomes(dataset.name)
                versions[dataset.name] = commit_dataset(
                    attempt, dataset, classified[dataset.name], outcomes
                )
                counts.update({outcome: outcomes[outcome] for outcome in WRITTEN})
    if tally.rejects():
        with attempt.steps.step("commit_rejected") as counts:
            versions[REJECTED] = commit_rejects(attempt, classified)
            counts["rejects"] = tally.rejects()
    return versions


def _attempt_record(steps: Steps, glue_run_id: str | None) -> Record:
    return {
        "seconds": steps.seconds["load"],
        "steps": steps.seconds,
        "glue_run_id": glue_run_id,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
