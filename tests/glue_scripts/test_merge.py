"""Rows into a Delta table by key."""

from pathlib import Path
from typing import Any

import pytest
from lakehouse_spark.history import commits_above, current_version
from lakehouse_spark.merge import matched_partitions, merge_delta
from lakehouse_spark.ranges import bounds
from lakehouse_spark.tables import ensure_table
from pyspark.sql import DataFrame, SparkSession

SCHEMA = "shelf int, id int, size int"
START = [(1, 1, 10), (1, 2, 20), (2, 3, 30), (None, 4, 40)]


def things(spark: SparkSession, *rows: tuple[Any, ...]) -> DataFrame:
    return spark.createDataFrame(list(rows), SCHEMA)


def rows(spark: SparkSession, path: str) -> list[tuple[Any, ...]]:
    found = spark.read.format("delta").load(path).collect()
    return sorted((tuple(row) for row in found), key=lambda row: row[1])


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> str:
    """Return the path of a table of things, partitioned by shelf."""
    path = f"file:{tmp_path}/things"
    ensure_table(spark, path, SCHEMA, "shelf")
    merge_delta(things(spark, *START), path, ["id"], "shelf")
    return path


def test_new_keys_are_inserted_and_known_keys_replaced(spark: SparkSession, table: str) -> None:
    merge_delta(things(spark, (1, 1, 11), (2, 5, 50)), table, ["id"], "shelf")
    assert rows(spark, table) == [(1, 1, 11), (1, 2, 20), (2, 3, 30), (None, 4, 40), (2, 5, 50)]


def test_a_row_moves_to_its_new_partition_and_leaves_no_twin(
    spark: SparkSession, table: str
) -> None:
    merge_delta(things(spark, (9, 1, 10), (9, 4, 40), (None, 3, 30)), table, ["id"], "shelf")
    assert rows(spark, table) == [(9, 1, 10), (1, 2, 20), (None, 3, 30), (9, 4, 40)]


def test_without_a_matching_row_nothing_is_rewritten(spark: SparkSession, table: str) -> None:
    version = current_version(spark, table)
    merge_delta(things(spark, (1, 6, 60)), table, ["id"], "shelf")
    assert [commit.operation for commit in commits_above(spark, table, version)] == ["WRITE"]


def test_without_rows_there_is_no_commit(spark: SparkSession, table: str) -> None:
    version = current_version(spark, table)
    merge_delta(things(spark), table, ["id"], "shelf")
    assert current_version(spark, table) == version


def test_all_columns_of_the_key_must_match(spark: SparkSession, tmp_path: Path) -> None:
    path = f"file:{tmp_path}/things"
    ensure_table(spark, path, SCHEMA, None)
    merge_delta(things(spark, (1, 1, 10), (2, 1, 10)), path, ["shelf", "id"], None)
    merge_delta(things(spark, (2, 1, 99), (3, 1, 30)), path, ["shelf", "id"], None)
    assert sorted(rows(spark, path)) == [(1, 1, 10), (2, 1, 99), (3, 1, 30)]


def test_only_the_partitions_of_matching_rows_are_looked_at(
    spark: SparkSession, table: str
) -> None:
    known = things(spark, (8, 1, 1), (8, 4, 1), (8, 9, 1))
    assert set(matched_partitions(known, table, ["id"], "shelf", bounds(known, "id"))) == {1, None}
