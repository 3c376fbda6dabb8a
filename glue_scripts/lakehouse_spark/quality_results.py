"""The table of all checks ever made, which no undo takes back."""

from collections.abc import Mapping, Sequence

from pyspark.sql import SparkSession

from lakehouse_spark.batches import Record
from lakehouse_spark.inline import inline_rows
from lakehouse_spark.quality import CheckResult
from lakehouse_spark.tables import QUALITY_RESULTS, ensure_table, table_path

SCHEMA = (
    "batch_id string, attempt int, scope string, dataset string, check_name string, "
    "severity string, outcome string, value double, threshold string, weight double, "
    "failing_keys array<string>, checked_at timestamp"
)


def write_results(
    spark: SparkSession,
    root: str,
    scan: Record,
    results: Sequence[CheckResult],
    failing_keys: Mapping[str, list[str]],
) -> None:
    """Write a row for each check; a scan made again replaces the rows of the one before.

    scan has ``batch_id``, ``attempt``, ``scope`` and ``checked_at`` of all rows.
    """
    path = table_path(root, QUALITY_RESULTS)
    ensure_table(spark, path, SCHEMA, None)
    rows = [{**scan, **_row(each, failing_keys.get(each.name, []))} for each in results]
    same = " and ".join(f"{name} = '{scan[name]}'" for name in ("batch_id", "attempt", "scope"))
    rows_df = inline_rows(spark, rows, SCHEMA).coalesce(1)
    rows_df.write.format("delta").mode("overwrite").option("replaceWhere", same).save(path)


def _row(result: CheckResult, failing_keys: list[str]) -> Record:
    return {
        "dataset": result.dataset,
        "check_name": result.name,
        "severity": result.severity,
        "outcome": result.outcome,
        "value": result.value,
        "threshold": result.threshold,
        "weight": result.weight,
        "failing_keys": failing_keys,
    }
