"""What was loaded once can be loaded again from the archive, in any order: the tables stay."""

from pathlib import Path
from random import Random

import pytest
from lakehouse_spark.contract import Contract
from pyspark.sql import SparkSession

from tests.proof.comparison import load_all
from tests.proof.lake import folder_lake
from tests.proof.month import again, month
from tests.proof.oracle import Oracle
from tests.proof.oracle_rules import COLUMNS


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("seed", "days", "batches"), [(1, 3, 1), pytest.param(2, 30, 12, marks=pytest.mark.long)]
)
def test_a_month_replayed_from_the_archive_in_random_order_ends_in_the_same_tables(
    spark: SparkSession, contract: Contract, tmp_path: Path, seed: int, days: int, batches: int
) -> None:
    lake, oracle, dice = folder_lake(tmp_path, contract), Oracle(), Random(seed)
    plans = month(dice, days)
    load_all(spark, lake, oracle, plans, "day")
    loaded = {table: rows for table, rows in lake.end_state().items() if table in COLUMNS}
    assert {each.status for each in oracle.rejects.values()} == {"parked", "rejected", "resolved"}
    load_all(spark, lake, oracle, again(dice, plans, batches), "again")
    assert {table: lake.end_state()[table] for table in COLUMNS} == loaded
