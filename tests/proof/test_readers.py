"""What the load writes is read alike by Spark, delta-rs and DuckDB, at every edge of every type."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from lakehouse_spark.contract import read_contract
from pyspark.sql import SparkSession

from tests.proof.lake import Lake, day, folder_lake
from tests.proof.readers import (
    READERS,
    Rows,
    read_with_delta_rs,
    read_with_duckdb,
    read_with_spark,
)

ALL_TYPES = Path(__file__).parent / "all_types.odcs.yaml"
GREAT = "9999999999999999999999999999.9999999999"
BY_DAY = "id,a_bigint,a_double,a_decimal,a_string,a_date,a_timestamp\n"
FIRST_DAYS = f"""{BY_DAY}\
1,{2**63 - 1},1.5,{GREAT},"é ""ü"" 漢 🍐",0001-01-01,0001-01-01T00:00:00
2,{-(2**63)},-0.000001,-0.0000000001,"two
lines",1582-10-04,1582-10-15T00:00:00
3,,,,,,
4,0,0,0," ",1899-12-31,1899-12-31T23:59:59.999999
5,1,1,1,%2F=,9999-12-31,9999-12-31T23:59:59.999999
6,1,1,1,moves,2025-03-30,2025-03-30T02:30:00+02:00
2147483648,1,1,1,refused,2025-03-30,2025-03-30T02:30:00
"""
FIRST_LABELS = """id,label
1,
2,a/b c%=é
3,"x:y?*'#&\\"
4," "
5,moves
"""
STATES = ["first", "second", "undone", "checkpoint"]
TABLES = ["by_day", "by_label", "rejected"]


def load_first(spark: SparkSession, lake: Lake) -> None:
    """Load each type's edges, and a record that is refused."""
    lake.deliver("by_day", "d.csv", FIRST_DAYS)
    lake.deliver("by_label", "l.csv", FIRST_LABELS)
    lake.load(spark, lake.plan("first", day(0)))


def load_second(spark: SparkSession, lake: Lake) -> None:
    """Load corrections that move a row to another partition, to none, and out of none."""
    out_of_none = "3,3,3,3,3,0999-01-01,9999-12-31T00:00:00\n"
    moved = "6,1,1,1,moved,2025-03-30,1700-01-01T00:00:00\n"
    lake.deliver("by_day", "d2.csv", BY_DAY + moved + out_of_none, day(1))
    lake.deliver("by_label", "l2.csv", "id,label\n5,\n1,moved\n2,a/b c%=\n", day(1))
    lake.load(spark, lake.plan("second", day(1)))


@pytest.fixture(scope="module")
def lakes(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Lake]:
    """Return the lake after the first batch, the second, its undo, and a checkpoint."""
    folder = tmp_path_factory.mktemp("readers")
    lake = folder_lake(folder / "lake", read_contract(ALL_TYPES))
    load_first(spark, lake)
    lakes = {"first": lake.copy(folder / "first")}
    load_second(spark, lake)
    lakes["second"] = lake.copy(folder / "second")
    lakes["checkpoint"] = lake.copy(folder / "checkpoint")
    checkpoint(spark, lakes["checkpoint"])
    assert lake.undo(spark, "second")
    lakes["undone"] = lake
    return lakes


def checkpoint(spark: SparkSession, lake: Lake) -> None:
    """Write a checkpoint of each table, and take away what came before it."""
    logs = spark._jvm.org.apache.spark.sql.delta.DeltaLog  # type: ignore[union-attr]
    for table in lake.tables:
        folder = lake.table_folder(table)
        logs.forTable(spark._jsparkSession, str(folder)).checkpoint()
        [version] = {int(path.name[:20]) for path in folder.glob("_delta_log/*.checkpoint.parquet")}
        for path in folder.glob("_delta_log/*.json"):
            if int(path.name[:20]) < version:
                path.unlink()


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("state", STATES)
def test_all_readers_see_the_same(
    lakes: dict[str, Lake], spark: SparkSession, state: str, table: str
) -> None:
    folder = lakes[state].table_folder(table)
    seen = read_with_spark(spark, folder)
    assert seen[1]
    assert read_with_delta_rs(spark, folder) == seen
    assert read_with_duckdb(spark, folder) == seen


@pytest.mark.parametrize("reader", READERS)
def test_every_edge_of_a_type_is_what_was_delivered(
    lakes: dict[str, Lake], spark: SparkSession, reader: str
) -> None:
    columns, rows = READERS[reader](spark, lakes["first"].table_folder("by_day"))
    places = [columns.index(name) for name in (*BY_DAY.strip().split(","), "day")]
    found = {row[columns.index("id")]: tuple(row[place] for place in places) for row in rows}
    assert found == {row[0]: row for row in DAYS}


def days(text: str) -> int:
    return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()


def micros(text: str) -> int:
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


DAYS: Rows = [
    (1, 2**63 - 1, 1.5, Decimal(GREAT), 'é "ü" 漢 🍐',
     days("0001-01-01"), micros("0001-01-01"), days("0001-01-01")),
    (2, -(2**63), -0.000001, Decimal("-0.0000000001"), "two\nlines",
     days("1582-10-04"), micros("1582-10-15"), days("1582-10-15")),
    (3, None, None, None, None, None, None, None),
    (4, 0, 0.0, Decimal(0), " ",
     days("1899-12-31"), micros("1899-12-31T23:59:59.999999"), days("1899-12-31")),
    (5, 1, 1.0, Decimal(1), "%2F=",
     days("9999-12-31"), micros("9999-12-31T23:59:59.999999"), days("9999-12-31")),
    (6, 1, 1.0, Decimal(1), "moves",
     days("2025-03-30"), micros("2025-03-30T00:30:00"), days("2025-03-30")),
]  # fmt: skip


def test_the_undo_brings_back_what_was_seen_before(
    lakes: dict[str, Lake], spark: SparkSession
) -> None:
    for table in TABLES:
        first, undone = (lakes[state].table_folder(table) for state in ("first", "undone"))
        assert read_with_delta_rs(spark, undone) == read_with_delta_rs(spark, first)


@pytest.mark.parametrize("reader", READERS)
def test_a_moved_row_is_in_its_new_partition_alone(
    lakes: dict[str, Lake], spark: SparkSession, reader: str
) -> None:
    columns, rows = READERS[reader](spark, lakes["second"].table_folder("by_label"))
    id_, label = columns.index("id"), columns.index("label")
    labels = [(1, "moved"), (2, "a/b c%="), (3, "x:y?*'#&\\"), (4, " "), (5, None)]
    assert sorted((row[id_], row[label]) for row in rows) == labels
