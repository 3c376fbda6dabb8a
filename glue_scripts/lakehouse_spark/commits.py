"""The commits of one attempt: a dataset's rows, the rejects, and the versions they made."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.attempt import Attempt
from lakehouse_spark.classification import WRITTEN
from lakehouse_spark.contract import Dataset
from lakehouse_spark.delta_log import Commit, Metadata
from lakehouse_spark.history import HistoryError, Transaction, commits_above, written_rows
from lakehouse_spark.keeping import keep_rows
from lakehouse_spark.ledger import LedgerError, Tally, Versions
from lakehouse_spark.merge import Replaced, append_delta, merge_delta
from lakehouse_spark.parked import PARKED
from lakehouse_spark.rejects import changed_rejects, reject_rows, retried_rows
from lakehouse_spark.tables import REJECTED, REJECTED_COLUMNS, table_path


def commit_dataset(
    attempt: Attempt, dataset: Dataset, classified_df: DataFrame, replaced: Replaced, tally: Tally
) -> Versions:
    """Merge the rows that the table lacks or has otherwise; `replaced` is where it has those."""
    outcomes = tally.outcomes(dataset.name)
    rows = sum(outcomes[outcome] for outcome in WRITTEN)
    if not rows:
        return unchanged(attempt, dataset.name)
    read = {"read": tally.read(dataset.name)}
    metadata = _metadata(attempt, dataset.name, rows, {**read, **outcomes})
    path = table_path(attempt.root, dataset.name)
    partition_col, transaction = dataset.partition_column, _transaction(attempt, metadata)
    rows_df = table_rows(classified_df, dataset, attempt.manifest.batch_id)
    attempt.confirm_lease()
    if outcomes["updated"]:
        merge_delta(rows_df, path, list(dataset.key), partition_col, replaced, transaction)
    else:
        append_delta(rows_df, path, partition_col, transaction)
    return _versions(attempt, dataset.name, metadata)


@dataclass(frozen=True)
class ChangedRejects:
    """What the table of rejects lacks or has in another state, counted."""

    rows_df: DataFrame
    by_status: Counter[str]
    known: list[str]


def find_rejects(
    attempt: Attempt, classified: Mapping[str, DataFrame], tally: Tally
) -> ChangedRejects:
    """Return what the batch has for the table of rejects; `known` are datasets with old rows."""
    attempt.read_log(REJECTED)
    changed_df = keep_rows(_changed_rejects(attempt, classified, tally))
    groups = changed_df.groupBy("status", "dataset", "_is_known").count().collect()
    by_status = Counter[str]()
    for group in groups:
        by_status[group["status"]] += group["count"]
    known = sorted({group["dataset"] for group in groups if group["_is_known"]})
    return ChangedRejects(changed_df.select(*REJECTED_COLUMNS), by_status, known)


def commit_rejects(attempt: Attempt, changed: ChangedRejects) -> Versions:
    """Bring into the table of rejects what it lacks or has in another state."""
    rows = changed.by_status.total()
    if not rows:
        return unchanged(attempt, REJECTED)
    metadata = _metadata(attempt, REJECTED, rows, changed.by_status)
    path, transaction = table_path(attempt.root, REJECTED), _transaction(attempt, metadata)
    attempt.confirm_lease()
    if changed.known:
        replaced = Replaced(changed.known)
        merge_delta(changed.rows_df, path, ["reject_id"], "dataset", replaced, transaction)
    else:
        append_delta(changed.rows_df, path, "dataset", transaction)
    return _versions(attempt, REJECTED, metadata)


def _changed_rejects(
    attempt: Attempt, classified: Mapping[str, DataFrame], tally: Tally
) -> DataFrame:
    """Return the rows that the table of rejects lacks or has, ``_is_known``, in another state.

    The try is counted in rows that stay parked, unless the batch brings nothing new to any table.
    """
    fresh_df = reject_rows(attempt.spark, classified, attempt.manifest)
    if attempt.is_new(REJECTED):
        return fresh_df.withColumn("_is_known", F.lit(False))
    fresh_df = keep_rows(fresh_df)
    keys = [file.key for file in attempt.manifest.files]
    base_df = attempt.base(REJECTED).where(F.col("source_file").isin(keys))
    changed_df = changed_rejects(fresh_df, base_df)
    waiting = [classified[name] for name in classified if tally.parked_before(name)]
    if not waiting:
        return changed_df
    retried_df = retried_rows(waiting, attempt.manifest).withColumn("_is_known", F.lit(True))
    if not tally.writes():
        retried_df = retried_df.where(F.col("status") != F.lit(PARKED))
    # A parked record that is delivered again stands for both.
    return changed_df.unionByName(retried_df.join(fresh_df, on="reject_id", how="left_anti"))


def table_rows(classified_df: DataFrame, dataset: Dataset, batch_id: str) -> DataFrame:
    """Return the rows to be written, in the columns of the dataset's table."""
    is_written = F.col("_outcome").isin(WRITTEN)
    return classified_df.where(is_written).select(
        *dataset.column_names,
        F.lit(batch_id).alias("_batch_id"),
        "_source_file",
        "_delivered_at",
    )


def unchanged(attempt: Attempt, table: str) -> Versions:
    """Return the versions of a table that the batch has nothing for."""
    base = attempt.base_versions[table]
    return Versions(base, base)


def _versions(attempt: Attempt, table: str, metadata: Metadata) -> Versions:
    """Find our commit in the history, and see that Delta wrote as many rows as we counted.

    A rerun finds the commit that it was spared.
    """
    base = attempt.base_versions[table]
    path = table_path(attempt.root, table)
    for commit in commits_above(attempt.spark, path, base):
        if commit.metadata == metadata:
            _check_rows(path, commit, metadata["rows"])
            return Versions(base, commit.version)
    raise HistoryError(f"{path}: no commit after version {base} is of {metadata}")


def _check_rows(path: str, commit: Commit, rows: int) -> None:
    if written_rows(commit) != rows:
        raise LedgerError(
            f"{path}: version {commit.version} wrote {written_rows(commit)} rows and the ledger "
            f"counts {rows}; take the batch back with Delta-undo-job"
        )


def _metadata(attempt: Attempt, step: str, rows: int, counts: Mapping[str, int]) -> Metadata:
    return {
        "batch_id": attempt.manifest.batch_id,
        "attempt": attempt.number,
        "step": step,
        "rows": rows,
        "counts": {name: count for name, count in counts.items() if count},
    }


def _transaction(attempt: Attempt, metadata: Metadata) -> Transaction:
    app_id = f"load/{attempt.manifest.batch_id}/{attempt.number}/{metadata['step']}"
    return Transaction(app_id, metadata)
