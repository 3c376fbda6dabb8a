"""Rows that are part of a plan."""

from datetime import datetime

from lakehouse_spark.inline import inline_rows
from pyspark.sql import SparkSession

SCHEMA = (
    "name string, count int, share double, seen timestamp, reasons array<string>, "
    "record map<string,string>"
)


def test_values_are_of_the_types_of_the_schema(spark: SparkSession) -> None:
    seen = "2025-04-01T12:00:00.25+02:00"
    row = {"name": "1", "count": 2, "share": 0.1, "seen": seen, "reasons": ("a", "b")}
    df = inline_rows(spark, [row, {"share": 3}], SCHEMA)
    assert [tuple(each) for each in df.collect()] == [
        ("1", 2, 0.1, datetime(2025, 4, 1, 10, 0, 0, 250000), ["a", "b"], None),
        (None, None, 3.0, None, None, None),
    ]
    assert df.dtypes == [tuple(each.split(" ")) for each in SCHEMA.split(", ")]


def test_no_rows_have_the_columns_of_the_schema(spark: SparkSession) -> None:
    df = inline_rows(spark, [], SCHEMA)
    assert (df.count(), df.columns[0]) == (0, "name")
