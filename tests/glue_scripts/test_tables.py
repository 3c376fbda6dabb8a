"""The Delta tables and their histories."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from delta.tables import DeltaTable
from lakehouse_spark.contract import Column, Dataset
from lakehouse_spark.delta_log import current_version
from lakehouse_spark.history import commit_metadata, commits_above
from lakehouse_spark.tables import (
    TableError,
    dataset_schema,
    ensure_properties,
    ensure_table,
    read_version,
    table_path,
)
from pyspark.sql import SparkSession

PROPERTIES = {
    "delta.deletedFileRetentionDuration": "interval 30 days",
    "delta.logRetentionDuration": "interval 45 days",
    "delta.enableExpiredLogCleanup": "false",
}


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> str:
    """Return the path of an empty table of ids."""
    path = f"file:{tmp_path}/things"
    ensure_table(spark, path, "id int, shelf int", "shelf")
    return path


def append(spark: SparkSession, path: str, id_: int) -> None:
    row_df = spark.createDataFrame([(id_, 1)], "id int, shelf int")
    row_df.write.format("delta").mode("append").save(path)


def detail(spark: SparkSession, path: str) -> dict[str, object]:
    return DeltaTable.forPath(spark, path).detail().collect()[0].asDict()


def test_tables_lie_under_processed_and_rejected() -> None:
    assert table_path("s3://shop", "orders") == "s3://shop/processed/orders"
    assert table_path("s3://shop", "rejected") == "s3://shop/rejected"


def test_a_table_has_the_contract_columns_and_where_the_row_is_from() -> None:
    dataset = Dataset("things", (Column("id", "int"), Column("date", "date")), key=("id",))
    assert dataset_schema(dataset) == (
        "`id` int, `date` date, _batch_id string, _source_file string, _delivered_at timestamp"
    )


def test_a_table_is_created_empty_for_all_readers(spark: SparkSession, table: str) -> None:
    found = detail(spark, table)
    assert found["properties"] == PROPERTIES
    assert (found["minReaderVersion"], found["minWriterVersion"]) == (1, 2)
    assert (found["partitionColumns"], found["numFiles"]) == (["shelf"], 0)


def test_a_table_that_is_there_stays_as_it_is(spark: SparkSession, table: str) -> None:
    append(spark, table, 7)
    ensure_table(spark, table, "id int, shelf int", "shelf")
    assert current_version(spark, table) == 1


def test_a_table_of_other_columns_is_an_error_that_names_them(
    spark: SparkSession, table: str
) -> None:
    with pytest.raises(TableError, match=r"things and the contract differ in id, size"):
        ensure_table(spark, table, "id bigint, shelf int, size int", "shelf")


def test_a_table_that_not_every_reader_can_read_is_an_error(
    spark: SparkSession, table: str
) -> None:
    feature = "('delta.minReaderVersion' = '2', 'delta.minWriterVersion' = '5')"
    spark.sql(f"ALTER TABLE delta.`{table}` SET TBLPROPERTIES {feature}")
    with pytest.raises(TableError, match=r"things: delta.minReaderVersion is 2, it must be 1"):
        ensure_table(spark, table, "id int, shelf int", "shelf")


def test_properties_that_were_lost_are_set_again(spark: SparkSession, table: str) -> None:
    lost = "('delta.logRetentionDuration', 'delta.enableExpiredLogCleanup')"
    spark.sql(f"ALTER TABLE delta.`{table}` UNSET TBLPROPERTIES {lost}")
    ensure_properties(spark, table)
    assert detail(spark, table)["properties"] == PROPERTIES


def test_a_table_can_be_read_as_it_was(spark: SparkSession, table: str) -> None:
    append(spark, table, 7)
    append(spark, table, 8)
    assert [row["id"] for row in read_version(spark, table, 1).collect()] == [7]


def test_the_history_says_which_commits_are_ours(spark: SparkSession, table: str) -> None:
    with commit_metadata(spark, {"batch_id": "b1"}):
        append(spark, table, 7)
    append(spark, table, 8)
    with commit_metadata(spark, {"batch_id": "b2"}):
        append(spark, table, 9)
    found = [(commit.version, commit.metadata) for commit in commits_above(spark, table, 0)]
    assert found == [(3, {"batch_id": "b2"}), (2, {}), (1, {"batch_id": "b1"})]
    assert [commit.version for commit in commits_above(spark, table, 2)] == [3]
    assert commits_above(spark, table, 3) == []


def test_metadata_of_others_is_no_metadata_of_ours(spark: SparkSession, table: str) -> None:
    for text in ("nightly job", "[1]"):
        spark.conf.set("spark.databricks.delta.commitInfo.userMetadata", text)
        append(spark, table, 7)
    spark.conf.unset("spark.databricks.delta.commitInfo.userMetadata")
    assert [commit.metadata for commit in commits_above(spark, table, 0)] == [{}, {}]


def test_a_thread_that_looks_at_a_table_has_a_session(spark: SparkSession, table: str) -> None:
    """Which Delta asks it for, to read some checkpoints."""

    def look() -> bool:
        current_version(spark, table)
        assert spark._jvm is not None
        sessions = spark._jvm.org.apache.spark.sql.SparkSession
        return bool(sessions.getActiveSession().isDefined())

    with ThreadPoolExecutor() as threads:
        assert threads.submit(look).result()
