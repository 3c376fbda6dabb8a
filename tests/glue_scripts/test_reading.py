"""CSV files to rows of text, each with its record and its file."""

from pathlib import Path
from typing import Any

import pytest
from chispa import assert_column_equality
from lakehouse_spark.batches import PlannedFile
from lakehouse_spark.contract import Column, Contract, Dataset
from lakehouse_spark.reading import layouts, misfit, read_rows
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from tests.glue_scripts.shop import Shop

THING = Dataset("things", (Column("id", "int"), Column("name", "string")), key=("id",))


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path) -> Shop:
    return Shop(spark, Contract("1.0.0", (THING,)), tmp_path)


def planned(shop: Shop) -> list[PlannedFile]:
    return shop.records(shop.plan("b1")).manifest().accepted("things")


def read(shop: Shop) -> list[dict[str, Any]]:
    """Return the rows of all delivered files, by file and record."""
    rows_df = read_rows(shop.spark, shop.storage.root, THING, planned(shop))
    rows = [row.asDict() for row in rows_df.collect()]
    return sorted(rows, key=lambda row: (row["_source_file"], row["_fields"][0] or ""))


def texts(shop: Shop) -> list[tuple[str | None, str | None]]:
    return [(row["_text_id"], row["_text_name"]) for row in read(shop)]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param("id,name\n1,Ann\n", [("1", "Ann")], id="plain"),
        pytest.param("name,id\nAnn,1\n", [("1", "Ann")], id="columns in another order"),
        pytest.param("id,age,name\n1,9,Ann\n", [("1", "Ann")], id="a column too many"),
        pytest.param("id\n1\n", [("1", None)], id="a column that is not there"),
        pytest.param("\ufeffid,name\n1,Ann\n", [("1", "Ann")], id="a byte order mark"),
        pytest.param("id,name\r\n1,Ann\r\n", [("1", "Ann")], id="carriage returns"),
        pytest.param("id,name\n1,Ann", [("1", "Ann")], id="no end of line at the end"),
        pytest.param('id,name\n1,"a\nb"\n', [("1", "a\nb")], id="a newline in quotes"),
        pytest.param('id,name\n1,"a ""b"", c"\n', [("1", 'a "b", c')], id="doubled quotes"),
        pytest.param("id,name\n1,a\\\n2,b\n", [("1", "a\\"), ("2", "b")], id="a backslash"),
        pytest.param("id,name\n1,\n", [("1", None)], id="nothing is null"),
        pytest.param('id,name\n1,""\n', [("1", None)], id="nothing in quotes is null"),
        pytest.param("id,name\n1, Ann \n", [("1", " Ann ")], id="spaces are kept"),
        pytest.param("id,name\n\n1,Ann\n\n\n", [("1", "Ann")], id="blank lines are no records"),
        pytest.param("id,name\n", [], id="a header alone"),
        pytest.param("id,a.b,A.B,,_metadata,name\n1,2,3,4,5,Ann\n", [("1", "Ann")],
                     id="headers that are no column names"),
    ],
)  # fmt: skip
def test_columns_are_found_by_header_name(
    shop: Shop, content: str, expected: list[tuple[str, str]]
) -> None:
    shop.deliver("things", "a.csv", content)
    assert texts(shop) == expected


def test_files_of_different_layouts_are_read_together(shop: Shop) -> None:
    shop.deliver("things", "a.csv", "id,name\n1,Ann\n")
    shop.deliver("things", "b.csv", "name,id,age\nBob,2,9\n")
    shop.deliver("things", "c.csv", "id,name\n3,Cid\n")
    assert texts(shop) == [("1", "Ann"), ("2", "Bob"), ("3", "Cid")]


def test_a_row_knows_its_file_and_its_fields_as_they_came(shop: Shop) -> None:
    key = shop.deliver("things", "a.csv", "name,id,age\nBob,02,\n", day=3)
    [row] = read(shop)
    assert (row["_source_file"], row["_delivered_at"].day) == (key, 3)
    assert (row["_layout"], row["_fields"], row["_record"]) == (0, ["Bob", "02", None], None)


@pytest.mark.parametrize("name", ["a b", "100%", "a%20b", "a+b", "é", "a[1]", "{a,b}", "a#b", "a?"])
def test_a_file_may_have_any_name(shop: Shop, name: str) -> None:
    key = shop.deliver("things", f"{name}.csv", "id,name\n1,Ann\n")
    assert [row["_source_file"] for row in read(shop)] == [key]


def test_a_record_that_does_not_fit_the_header_is_kept_whole(shop: Shop) -> None:
    shop.deliver("things", "a.csv", 'id,name\n1\n2,Bob,"x, y"\n3,Cid\n')
    found = [(row["_misfit"], row["_record"]) for row in read(shop)]
    assert found == [("short_record", "1"), ("long_record", '2,Bob,"x, y"'), (None, None)]


def test_misfits_are_told_apart_by_their_fields(spark: SparkSession) -> None:
    cases = [
        ("1,2", "short_record"),
        ("1,2,3,4", "long_record"),
        ('"1,2,3",4', "short_record"),
        ('1,"2 ""a"", b",3,4', "long_record"),
        ('1,5" pipe,2" pipe,4', "long_record"),
        ('1,"2,3,4\n5,6', "short_record"),
        ('""",",2', "short_record"),
        ("", "short_record"),
        (None, None),
    ]
    df = spark.createDataFrame(cases, "record string, expected string")
    df = df.withColumn("actual", misfit(F.col("record"), 3))
    assert_column_equality(df, "actual", "expected")


def test_layouts_are_the_different_headers(shop: Shop) -> None:
    shop.deliver("things", "a.csv", "name,id\n")
    shop.deliver("things", "b.csv", "id,name\n")
    shop.deliver("things", "c.csv", "name,id\n")
    assert layouts(planned(shop)) == [("id", "name"), ("name", "id")]
