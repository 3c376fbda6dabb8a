"""Rows into a Delta table by key."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from lakehouse_spark.history import Transaction, commits_above
from lakehouse_spark.merge import Replaced, append_delta, merge_delta
from lakehouse_spark.tables import ensure_table
from pyspark.sql import DataFrame, SparkSession

SCHEMA = "shelf int, id int, size int"
START = [(1, 1, 10), (1, 2, 20), (2, 3, 30), (None, 4, 40)]


def once() -> Transaction:
    """Return a transaction that no table has seen."""
    return Transaction(f"load/b1/1/{uuid.uuid4()}", {"batch_id": "b1"})


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
    append_delta(things(spark, *START), path, "shelf", once())
    return path


def test_new_keys_are_inserted_and_known_keys_replaced(spark: SparkSession, table: str) -> None:
    merge_delta(
        things(spark, (1, 1, 11), (2, 5, 50)), table, ["id"], "shelf", Replaced([1]), once()
    )
    assert rows(spark, table) == [(1, 1, 11), (1, 2, 20), (2, 3, 30), (None, 4, 40), (2, 5, 50)]


def test_a_row_moves_to_its_new_partition_and_leaves_no_twin(
    spark: SparkSession, table: str
) -> None:
    moved_df = things(spark, (9, 1, 10), (9, 4, 40), (None, 3, 30))
    merge_delta(moved_df, table, ["id"], "shelf", Replaced([1, 2, None], [(1, 4)]), once())
    assert rows(spark, table) == [(9, 1, 10), (1, 2, 20), (None, 3, 30), (9, 4, 40)]


def test_all_columns_of_the_key_must_match(spark: SparkSession, tmp_path: Path) -> None:
    path = f"file:{tmp_path}/things"
    ensure_table(spark, path, SCHEMA, None)
    append_delta(things(spark, (1, 1, 10), (2, 1, 10)), path, None, once())
    updates_df = things(spark, (2, 1, 99), (3, 1, 30))
    merge_delta(updates_df, path, ["shelf", "id"], None, Replaced([None], [(2, 2)]), once())
    assert sorted(rows(spark, path)) == [(1, 1, 10), (2, 1, 99), (3, 1, 30)]


@pytest.mark.parametrize(
    ("replaced", "expected"),
    [
        pytest.param(Replaced([1]), {(1, 99), (2, 2), (4, 4)}, id="a partition"),
        pytest.param(Replaced([1, None]), {(1, 99), (2, 2), (4, 99)}, id="that of null"),
        pytest.param(Replaced([1, None], [(2, 9)]), {(1, 1), (2, 2), (4, 99)}, id="keys"),
    ],
)
def test_what_lies_elsewhere_is_not_looked_at(
    spark: SparkSession, tmp_path: Path, replaced: Replaced, expected: set[tuple[int, int]]
) -> None:
    path = f"file:{tmp_path}/things"
    ensure_table(spark, path, SCHEMA, "shelf")
    append_delta(things(spark, (1, 1, 1), (2, 2, 2), (None, 4, 4)), path, "shelf", once())
    merge_delta(things(spark, (1, 1, 99), (None, 4, 99)), path, ["id"], "shelf", replaced, once())
    assert {(id_, size) for _, id_, size in rows(spark, path)} >= expected


def test_each_partition_gets_one_file(spark: SparkSession, tmp_path: Path) -> None:
    path = f"file:{tmp_path}/things"
    ensure_table(spark, path, SCHEMA, "shelf")
    columns = ["cast(id % 3 as int) as shelf", "cast(id as int) as id", "1 as size"]
    append_delta(spark.range(0, 600, numPartitions=6).selectExpr(*columns), path, "shelf", once())
    assert len(spark.read.format("delta").load(path).inputFiles()) == 3


def test_a_transaction_commits_once(spark: SparkSession, table: str) -> None:
    transaction = Transaction("load/b1/1/things", {"batch_id": "b1"})
    for id_ in (7, 8):
        append_delta(things(spark, (1, id_, 70)), table, "shelf", transaction)
        merge_delta(things(spark, (1, id_, 71)), table, ["id"], "shelf", Replaced([1]), transaction)
    other = Transaction("load/b1/2/things", {"batch_id": "b1"})
    merge_delta(things(spark, (1, 9, 90)), table, ["id"], "shelf", Replaced([1]), other)
    merge_delta(things(spark, (1, 9, 91)), table, ["id"], "shelf", Replaced([1]), other)
    assert rows(spark, table)[4:] == [(1, 7, 70), (1, 9, 90)]


def test_merges_side_by_side_are_each_their_own_commit(spark: SparkSession, tmp_path: Path) -> None:
    """And leave nothing of it in the session."""
    paths = [f"file:{tmp_path}/{name}" for name in "abc"]
    transactions = [Transaction(f"load/b1/1/{path}", {"step": path}) for path in paths]

    def merge(path: str, transaction: Transaction) -> None:
        ensure_table(spark, path, SCHEMA, "shelf")
        merge_delta(things(spark, *START), path, ["id"], "shelf", Replaced([1]), transaction)

    with ThreadPoolExecutor() as threads:
        list(threads.map(merge, paths, transactions))
    found = [[each.metadata for each in commits_above(spark, path, 0)] for path in paths]
    assert found == [[each.metadata] for each in transactions]
    assert spark.conf.get("spark.databricks.delta.write.txnAppId", None) is None
