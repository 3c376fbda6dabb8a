"""Ranges of keys: what lets Delta pass over the files of a table that can hold none of them."""

from collections.abc import Iterable
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

MOST_RANGES = 64  # each is a comparison for each file of the table, and for each row that is read

# Delta shortens the bounds of texts, and writes those of times to the millisecond.
BOUNDED_TYPES = ["tinyint", "smallint", "int", "bigint", "date"]

Range = tuple[Any, Any]


def join_ranges(ranges: Iterable[Range], most: int = MOST_RANGES) -> list[Range]:
    """Return at most `most` ranges, in order and apart, that cover all of `ranges`.

    A range is its least and its greatest value; one of None and None covers nothing.
    """
    joined: list[Range] = []
    for low, high in sorted(each for each in ranges if each[0] is not None):
        if joined and low <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], high))
        else:
            joined.append((low, high))
    while len(joined) > most:
        joined = [(each[0][0], each[-1][1]) for each in _pairs(joined)]
    return joined


def lies_in(value: Column, ranges: Iterable[Range]) -> Column:
    """Return whether the value lies in one of the ranges; Delta skips files by such a condition."""
    tests = [value.between(F.lit(low), F.lit(high)) for low, high in ranges]
    return reduce(lambda one, other: one | other, tests) if tests else F.lit(False)


def bounds(df: DataFrame, column: str) -> list[Range]:
    """Return the range from the least to the greatest value of a column; none without values."""
    row = df.agg(F.min(column).alias("low"), F.max(column).alias("high")).collect()[0]
    return join_ranges([(row["low"], row["high"])])


def _pairs(ranges: list[Range]) -> Iterable[list[Range]]:
    return (ranges[place : place + 2] for place in range(0, len(ranges), 2))
