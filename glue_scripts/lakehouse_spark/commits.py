"""The commits of one attempt: a dataset's rows, the rejects, and the versions they made."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.attempt import Attempt
from lakehouse_spark.classification import WRITTEN
from lakehouse_spark.contract import Dataset
from lakehouse_spark.history import HistoryError, Metadata, commits_above, transaction
from lakehouse_spark.ledger import Versions
from lakehouse_spark.merge import merge_delta
from lakehouse_spark.rejects import reject_rows, unknown_rejects
from lakehouse_spark.tables import REJECTED, table_path


def commit_dataset(
    attempt: Attempt, dataset: Dataset, classified_df: DataFrame, counts: Mapping[str, int]
) -> Versions:
    """Merge the rows that the table lacks or has otherwise; `counts` are the dataset's outcomes."""
    if not any(counts[outcome] for outcome in WRITTEN):
        return unchanged(attempt, dataset.name)
    metadata = _metadata(attempt, dataset.name, counts)
    path = table_path(attempt.root, dataset.name)
    with transaction(attempt.spark, _transaction_id(attempt, dataset.name), metadata):
        rows_df = table_rows(classified_df, dataset, attempt.manifest.batch_id)
        merge_delta(rows_df, path, list(dataset.key), dataset.partition_column)
    return _versions(attempt, dataset.name, metadata)


def commit_rejects(attempt: Attempt, classified: Mapping[str, DataFrame]) -> Versions:
    """Append the rejects that the table has not had yet."""
    rejects_df = reject_rows(attempt.spark, classified, attempt.manifest)
    new_df = unknown_rejects(rejects_df, attempt.base(REJECTED)).persist()
    count = new_df.count()
    if not count:
        return unchanged(attempt, REJECTED)
    metadata = _metadata(attempt, REJECTED, {"rejected": count})
    with transaction(attempt.spark, _transaction_id(attempt, REJECTED), metadata):
        path = table_path(attempt.root, REJECTED)
        new_df.repartition("dataset").write.format("delta").mode("append").save(path)
    return _versions(attempt, REJECTED, metadata)


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
    """Find our commit in the history; a rerun finds the one that it was spared."""
    base = attempt.base_versions[table]
    path = table_path(attempt.root, table)
    for commit in commits_above(attempt.spark, path, base):
        if commit.metadata == metadata:
            return Versions(base, commit.version)
    raise HistoryError(f"{path}: no commit after version {base} is of {metadata}")


def _metadata(attempt: Attempt, step: str, counts: Mapping[str, int]) -> Metadata:
    return {
        "batch_id": attempt.manifest.batch_id,
        "attempt": attempt.number,
        "step": step,
        "counts": {name: count for name, count in counts.items() if count},
    }


def _transaction_id(attempt: Attempt, step: str) -> str:
    return f"load/{attempt.manifest.batch_id}/{attempt.number}/{step}"
