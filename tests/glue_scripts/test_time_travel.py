"""How far back a table can be read, by what VACUUM and log clean-up have left."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lakehouse_spark.delta_log import removed_files
from lakehouse_spark.tables import PROPERTIES, ensure_table
from lakehouse_spark.time_travel import PROMISED, days_left, files_since
from pyspark.sql import SparkSession

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


class Table:
    """A table of one row, which every commit replaces."""

    def __init__(self, spark: SparkSession, folder: Path) -> None:
        self.spark, self.folder, self.path = spark, folder, f"file:{folder}"
        ensure_table(spark, self.path, "id int, shelf string", "shelf")

    def replace(self, times: int) -> None:
        for id_ in range(times):
            row_df = self.spark.createDataFrame([(id_, "a b")], "id int, shelf string")
            row_df.coalesce(1).write.format("delta").mode("overwrite").save(self.path)

    def removed(self) -> list[Path]:
        """Return the files that were removed, in that order."""
        rows = removed_files(self.spark, self.path).orderBy("deletionTimestamp").collect()
        return [self.folder / row["path"].replace("%20", " ") for row in rows]

    def log(self, name: str) -> Path:
        return self.folder / "_delta_log" / name

    def date(self, name: str, written_at: datetime) -> None:
        os.utime(self.log(name), (written_at.timestamp(),) * 2)


@pytest.fixture
def table(spark: SparkSession, tmp_path: Path) -> Table:
    return Table(spark, tmp_path / "things")


def vacuumed(table: Table, at: datetime = NOW) -> None:
    table.log("_last_vacuum_info").write_text("{}\n")
    table.date("_last_vacuum_info", at)


def test_the_promise_is_the_one_that_the_tables_are_made_with() -> None:
    retention = PROPERTIES["delta.deletedFileRetentionDuration"]
    assert retention == f"interval {PROMISED.days} days"


def test_a_young_table_of_which_nothing_is_lost_has_all_days(table: Table) -> None:
    table.replace(2)
    assert days_left(table.spark, table.path, NOW) == 30


def test_a_vacuum_that_takes_files_ends_the_days_at_the_last_of_them(table: Table) -> None:
    table.replace(6)
    removed_df = removed_files(table.spark, table.path).orderBy("deletionTimestamp")
    removed_at = [row["deletionTimestamp"] for row in removed_df.collect()]
    vacuumed(table)
    for file, milliseconds in zip(table.removed(), removed_at, strict=True):
        file.unlink()
        since = datetime.fromtimestamp(milliseconds / 1000, UTC)
        assert files_since(table.spark, table.path, NOW - PROMISED) == since
        assert days_left(table.spark, table.path, since + 3 * DAY) == 3


def test_delta_s_own_vacuum_is_noticed(table: Table) -> None:
    table.replace(3)
    table.spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    table.spark.conf.set("spark.databricks.delta.vacuum.logging.enabled", "false")  # as on S3
    table.spark.sql(f"VACUUM delta.`{table.path}` RETAIN 0 HOURS")
    table.spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
    table.spark.conf.unset("spark.databricks.delta.vacuum.logging.enabled")
    assert not any(file.exists() for file in table.removed())
    assert days_left(table.spark, table.path, datetime.now(UTC) + 2 * DAY) == 2


def test_a_vacuum_that_took_nothing_costs_no_days(table: Table) -> None:
    table.replace(2)
    vacuumed(table)
    assert days_left(table.spark, table.path, NOW) == 30


def test_files_are_looked_for_only_after_a_vacuum(table: Table) -> None:
    table.replace(2)
    table.removed()[0].unlink()
    assert files_since(table.spark, table.path, NOW - PROMISED) is None
    vacuumed(table, NOW - 31 * DAY)
    assert files_since(table.spark, table.path, NOW - PROMISED) is None


def test_what_was_removed_before_the_promise_may_go(table: Table) -> None:
    table.replace(2)
    table.removed()[0].unlink()
    later = NOW + 31 * DAY
    vacuumed(table, later)
    assert days_left(table.spark, table.path, later) == 30


def test_a_log_that_was_cleaned_up_ends_the_days_at_its_oldest_version(table: Table) -> None:
    table.replace(12)
    for version in range(10):
        table.log(f"{version:020d}.json").unlink()
    table.date(f"{10:020d}.json", NOW - 5 * DAY)
    assert days_left(table.spark, table.path, NOW) == 5
    table.date(f"{10:020d}.json", NOW - 45 * DAY)
    assert days_left(table.spark, table.path, NOW) == 30


def test_a_log_without_the_checkpointed_commit_begins_with_the_next(table: Table) -> None:
    table.replace(12)
    for version in range(11):
        table.log(f"{version:020d}.json").unlink()
    table.date(f"{11:020d}.json", NOW - 4 * DAY)
    assert days_left(table.spark, table.path, NOW) == 4
