"""The rows that failed a check: kept under the batch's folder, whatever becomes of the tables."""

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_spark.contract import Contract, Dataset
from lakehouse_spark.quality import CheckResult

FOLDER = "failing_rows"
MOST_ROWS = 1000  # of each check
MOST_KEYS = 10  # of each check, in the report


def keep_failing_rows(
    spark: SparkSession,
    contract: Contract,
    folder: str,
    results: Sequence[CheckResult],
    attempt: int,
) -> Mapping[str, list[str]]:
    """Write rows that failed checks as Parquet into `folder`; return keys of some, by check.

    Columns: ``dataset``, ``check_name``, ``severity``, ``attempt``, and the row as a map ``row``.
    """
    datasets = {dataset.name: dataset for dataset in contract.datasets}
    frames = [
        _failing_rows(spark, datasets[each.dataset], each, attempt)
        for each in results
        if each.outcome != "pass" and each.failing_rows
    ]
    if not frames:
        return {}
    rows_df = reduce(DataFrame.unionByName, frames)
    rows_df.coalesce(1).write.mode("overwrite").parquet(folder)
    return _keys(spark.read.parquet(folder), datasets)


def _failing_rows(
    spark: SparkSession, dataset: Dataset, result: CheckResult, attempt: int
) -> DataFrame:
    view_df = spark.table(dataset.name)
    columns = [(F.lit(name), F.col(name).cast("string")) for name in view_df.columns]
    return (
        view_df
        .where(result.failing_rows or "")
        .limit(MOST_ROWS)
        .select(
            F.lit(dataset.name).alias("dataset"),
            F.lit(result.name).alias("check_name"),
            F.lit(result.severity).alias("severity"),
            F.lit(attempt).alias("attempt"),
            F.create_map(*(part for column in columns for part in column)).alias("row"),
        )
    )


def _keys(rows_df: DataFrame, datasets: Mapping[str, Dataset]) -> dict[str, list[str]]:
    """Return the keys of the first rows of each check, as ``order_id=1, product_id=2``."""
    keys: dict[str, list[str]] = {}
    for row in rows_df.select("dataset", "check_name", "row").toLocalIterator():
        found = keys.setdefault(row["check_name"], [])
        if len(found) < MOST_KEYS:
            names = datasets[row["dataset"]].key
            found.append(", ".join(f"{name}={row['row'][name]}" for name in names))
    return keys
