"""Which files of a table a query needs."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from lakehouse_spark.delta_log import open_log
from lakehouse_spark.history import Transaction
from lakehouse_spark.merge import append_delta
from lakehouse_spark.ranges import Range, lies_in
from lakehouse_spark.table_files import read_log, rows_where
from lakehouse_spark.tables import ensure_table
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> str:
    """Return the path of a table with the ids 1 and 2 at version 1, and 5 and 9 from version 2."""
    path = f"file:{tmp_path}/things"
    ensure_table(spark, path, "id bigint, shelf int", "shelf")
    for rows in ([(1, 1), (2, 1)], [(5, 2), (9, 2)]):
        df = spark.createDataFrame(rows, "id bigint, shelf int")
        append_delta(df, path, "shelf", Transaction(str(uuid.uuid4()), {}))
    return path


def ids(df: DataFrame | None) -> list[int]:
    return sorted(row["id"] for row in df.collect()) if df else []


@pytest.mark.parametrize(
    ("ranges", "expected", "files"),
    [
        ([(2, 2)], [2], 1),
        ([(1, 1), (9, 10)], [1, 9], 2),
        ([(6, 8)], [], 1),
    ],
    ids=["in one file", "in two", "within bounds, and not there"],
)
def test_only_files_that_can_have_such_a_row_are_read(
    spark: SparkSession, table: str, ranges: list[Range], expected: list[int], files: int
) -> None:
    rows_df = rows_where(spark, table, 2, lies_in(F.col("id"), ranges))
    assert rows_df is not None
    assert (ids(rows_df), len(rows_df.inputFiles())) == (expected, files)


@pytest.mark.parametrize(("version", "ranges"), [(2, [(3, 4)]), (1, [(5, 9)]), (2, [(10, 99)])])
def test_where_no_file_can_have_such_a_row_there_is_nothing_to_read(
    spark: SparkSession, table: str, version: int, ranges: list[Range]
) -> None:
    assert rows_where(spark, table, version, lies_in(F.col("id"), ranges)) is None


def test_a_log_that_was_read_is_not_read_again_to_commit(spark: SparkSession, table: str) -> None:
    read_log(spark, table, 2)
    jobs = _jobs_of(spark, lambda: open_log(spark, table).unsafeVolatileSnapshot().transactions())
    assert jobs == []


def test_our_own_queries_are_compiled_as_ever(spark: SparkSession, table: str) -> None:
    read_log(spark, table, 2)
    rows_where(spark, table, 2, F.col("id") == F.lit(1))
    active = spark._jvm.org.apache.spark.sql.SparkSession.getActiveSession().get()  # type: ignore[union-attr]
    assert active == spark._jsparkSession


def _jobs_of(spark: SparkSession, call: Any) -> list[int]:
    """Return the Spark jobs that a call runs."""
    group = str(uuid.uuid4())
    spark.sparkContext.setJobGroup(group, "")
    call()
    return list(spark.sparkContext.statusTracker().getJobIdsForGroup(group))
