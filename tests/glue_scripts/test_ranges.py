"""Ranges of keys."""

from datetime import date

import pytest
from lakehouse_spark.ranges import Range, bounds, join_ranges, lies_in
from pyspark.sql import SparkSession
from pyspark.sql import functions as F


@pytest.mark.parametrize(
    ("ranges", "joined"),
    [
        ([(5, 9), (1, 3)], [(1, 3), (5, 9)]),
        ([(1, 5), (2, 3), (5, 9)], [(1, 9)]),
        ([(None, None), (1, 1)], [(1, 1)]),
        ([("a", "c"), ("b", "d")], [("a", "d")]),
        ([], []),
    ],
)
def test_overlapping_ranges_are_joined(ranges: list[Range], joined: list[Range]) -> None:
    assert join_ranges(ranges) == joined


def test_no_value_falls_out_where_there_are_too_many_ranges() -> None:
    assert join_ranges([(n, n) for n in range(0, 10, 2)], most=2) == [(0, 6), (8, 8)]


def test_a_value_lies_in_one_of_the_ranges(spark: SparkSession) -> None:
    df = spark.createDataFrame([(n,) for n in (0, 1, 3, 4, 7)], "id int")
    found = df.where(lies_in(F.col("id"), [(1, 3), (7, 7)])).collect()
    assert [row["id"] for row in found] == [1, 3, 7]
    assert df.where(lies_in(F.col("id"), [])).count() == 0


def test_bounds_are_the_least_and_the_greatest(spark: SparkSession) -> None:
    days = [(date(2025, 4, 2),), (None,), (date(2025, 4, 1),)]
    df = spark.createDataFrame(days, "day date")
    assert bounds(df, "day") == [(date(2025, 4, 1), date(2025, 4, 2))]
    assert bounds(df.where("day is null"), "day") == []
