"""Load one batch, as its manifest froze it, into the Delta tables: the whole recipe."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial

from pyspark.sql import DataFrame, SparkSession

from lakehouse_spark.attempt import Attempt, prepare_attempt
from lakehouse_spark.batches import ATTEMPT_LOADED, LEDGER, BatchRecords, Record
from lakehouse_spark.checking import Checked, check_datasets
from lakehouse_spark.classification import WRITTEN
from lakehouse_spark.commits import (
    ChangedRejects,
    commit_dataset,
    commit_rejects,
    find_rejects,
    unchanged,
)
from lakehouse_spark.contract import Contract, Dataset
from lakehouse_spark.guard import NO_OVERRIDES, Overrides, far_smaller, near_limit, over_limit
from lakehouse_spark.lease import Lease
from lakehouse_spark.ledger import Tally, Versions
from lakehouse_spark.merge import Replaced
from lakehouse_spark.parked import count_parked
from lakehouse_spark.planned import check_files
from lakehouse_spark.recipe import classify_dataset
from lakehouse_spark.refusal import refuse_for_rejects, refuse_for_size
from lakehouse_spark.rejects import reject_rows
from lakehouse_spark.side_by_side import run_side_by_side
from lakehouse_spark.steps import Steps, log, log_sample
from lakehouse_spark.storage import Storage
from lakehouse_spark.tables import REJECTED, assert_promises, table_path
from lakehouse_spark.time_travel import days_left
from lakehouse_spark.undo import undo_attempt


def load_batch(
    spark: SparkSession,
    contract: Contract,
    storage: Storage,
    batch_id: str,
    glue_run_id: str | None = None,
    overrides: Overrides = NO_OVERRIDES,
    lease: Lease | None = None,
) -> Record:
    """Load the batch and return its ledger; a batch that is loaded is reported and left alone.

    Raises BatchRefused, before any table is touched, where the contract's limits are not kept.

    Run again after any crash it ends with the same tables, rejects and ledger, because rows are
    judged by the base versions, and Delta skips what an earlier run of the attempt committed.
    """
    records, steps = BatchRecords(storage, batch_id), Steps()
    if unfinished := records.unfinished_undo():
        undo_attempt(spark, storage.root, records, unfinished, steps, lease)
    loaded = records.read(LEDGER)
    if loaded is not None:
        log.info("the batch is loaded already, nothing to do")
        return loaded
    with steps.step("load"):
        attempt = prepare_attempt(spark, contract, storage, records, steps, lease)
        ledger, tally = _load(attempt, storage, records, overrides)
        records.put(LEDGER, ledger)
    state = _state_of_tables(attempt, tally)
    record = {**_attempt_record(steps, glue_run_id), **state}
    records.put(ATTEMPT_LOADED.format(attempt.number), record)
    return ledger


def _load(
    attempt: Attempt, storage: Storage, records: BatchRecords, overrides: Overrides
) -> tuple[Record, Tally]:
    """Give every row its outcome, prove that none is missing, and commit.

    Returns the ledger, and the tally that it was made from.
    """
    try:
        parked = count_parked(attempt)
        tally = Tally(attempt.manifest, parked)
        checked = check_datasets(attempt, parked)
        classified = classify_batch(attempt, checked, tally)
        tally.check_balance()
        warnings = _guard(attempt, records, classified, tally, overrides)
        # Again, because the files have been read in between.
        check_files(storage, attempt.manifest.accepted())
        attempt.write_down(records)
        versions = _commit(attempt, checked, classified, tally)
        for table in versions:
            assert_promises(attempt.spark, table_path(attempt.root, table))
        ledger = tally.ledger(attempt.contract, versions, warnings)
        _warn_of_drift_and_parked(ledger)
        return ledger, tally
    finally:
        attempt.spark.catalog.clearCache()


def classify_batch(
    attempt: Attempt, checked: Mapping[str, Checked], tally: Tally
) -> dict[str, DataFrame]:
    """Return the rows of each dataset with their outcomes, and count them into `tally`."""
    classified: dict[str, DataFrame] = {}
    for dataset in attempt.contract.datasets:
        if dataset.name in checked:
            with attempt.steps.step(f"classify_{dataset.name}") as counts:
                classified[dataset.name] = classify_dataset(
                    attempt, dataset, checked[dataset.name], classified, tally
                )
                counts.update(tally.outcomes(dataset.name))
            log_sample(dataset.name, classified[dataset.name])
    return classified


def _guard(
    attempt: Attempt,
    records: BatchRecords,
    classified: Mapping[str, DataFrame],
    tally: Tally,
    overrides: Overrides,
) -> list[Record]:
    """Return the warnings on the batch; raise BatchRefused where it can't be trusted."""
    if over := over_limit(attempt.contract, tally, overrides):
        rejects_df = reject_rows(attempt.spark, classified, attempt.manifest)
        raise refuse_for_rejects(attempt, records, rejects_df, over)
    _warn_of_rejects(near_limit(attempt.contract, tally, overrides))
    warnings = far_smaller(attempt.contract, tally, attempt.usual_reads)
    for each in warnings:
        told = each["dataset"], each["read"], each["usual"]
        log.warning("%s has %d rows where %d are usual", *told)
    if warnings and overrides.fail_on_shrinkage:
        raise refuse_for_size(records.batch_id, warnings)
    return warnings


def _warn_of_rejects(near: Sequence[Record]) -> None:
    for each in near:
        told = each["rejected"], each["read"], each["dataset"], each["share"], each["limit"]
        log.warning("%d of %d rows of %s are rejected: %.3f, and the limit is %.3f", *told)


def _warn_of_drift_and_parked(ledger: Record) -> None:
    for file in ledger["files"]:
        if extra := file["extra_columns"]:
            names = ", ".join(extra)
            log.warning("%s has columns that the contract does not know: %s", file["key"], names)
    for dataset, counts in ledger["datasets"].items():
        if waiting := counts["parked"]["after"]:
            log.warning("%d rows of %s wait for the rows they refer to", waiting, dataset)


def _commit(
    attempt: Attempt,
    checked: Mapping[str, Checked],
    classified: Mapping[str, DataFrame],
    tally: Tally,
) -> dict[str, Versions]:
    """Commit parents before what refers to them, and the rejects beside the last ones.

    Returns the versions of all tables.
    """
    versions = {table: unchanged(attempt, table) for table in attempt.base_versions}
    generations = [
        {
            each.name: partial(
                _commit_dataset,
                attempt,
                each,
                classified[each.name],
                checked[each.name].replaced,
                tally,
            )
            for each in generation
            if each.name in classified
        }
        for generation in attempt.contract.generations()
    ]
    with ThreadPoolExecutor(max_workers=1) as beside:
        if tally.refused():
            # Looked for while the first datasets are committed, which leaves a core free.
            changed = beside.submit(_find_rejects, attempt, classified, tally)
            generations[-1][REJECTED] = partial(_commit_rejects, attempt, changed)
        for generation in generations:
            versions |= run_side_by_side(generation)
    return versions


def _commit_dataset(
    attempt: Attempt, dataset: Dataset, rows_df: DataFrame, replaced: Replaced, tally: Tally
) -> Versions:
    with attempt.steps.step(f"commit_{dataset.name}") as counts:
        outcomes = tally.outcomes(dataset.name)
        counts.update({outcome: outcomes[outcome] for outcome in WRITTEN})
        return commit_dataset(attempt, dataset, rows_df, replaced, tally)


def _find_rejects(
    attempt: Attempt, classified: Mapping[str, DataFrame], tally: Tally
) -> ChangedRejects:
    with attempt.steps.step("find_rejects") as counts:
        counts["refused"] = tally.refused()
        return find_rejects(attempt, classified, tally)


def _commit_rejects(attempt: Attempt, changed: Future[ChangedRejects]) -> Versions:
    found = changed.result()
    with attempt.steps.step("commit_rejected") as counts:
        counts.update(found.by_status)
        return commit_rejects(attempt, found)


def _state_of_tables(attempt: Attempt, tally: Tally) -> Record:
    """Return what is worth watching of the tables as the load leaves them."""
    now = datetime.now(UTC)
    paths = {table: table_path(attempt.root, table) for table in attempt.base_versions}
    with attempt.steps.step("look_back"):
        days = run_side_by_side({
            table: partial(days_left, attempt.spark, path, now) for table, path in paths.items()
        })
    parked = {table: since.isoformat() for table, since in tally.oldest_parked().items()}
    return {"oldest_parked": parked, "time_travel_days": days}


def _attempt_record(steps: Steps, glue_run_id: str | None) -> Record:
    return {
        "seconds": steps.seconds["load"],
        "steps": steps.seconds,
        "glue_run_id": glue_run_id,
        "finished_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
