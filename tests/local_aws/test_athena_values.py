"""Values as Athena writes them."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from local_aws.athena_values import athena_text, result_csv

MORNING = dt.datetime(2025, 4, 1, 11, 27)
PARIS = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (True, "true"),
        (7, "7"),
        ("text", "text"),
        ("", ""),
        (Decimal("10.50"), "10.50"),
        (Decimal("1E+3"), "1000"),
        (dt.date(2025, 4, 1), "2025-04-01"),
        (MORNING, "2025-04-01 11:27:00.000"),
        (MORNING.replace(microsecond=123_600), "2025-04-01 11:27:00.124"),
        (MORNING.replace(tzinfo=PARIS), "2025-04-01 09:27:00.000 UTC"),
        (0.0, "0.0"),
        (12.0, "12.0"),
        (0.001, "0.001"),
        (12_345_678.9, "1.23456789E7"),
        (-0.000125, "-1.25E-4"),
        (1e7, "1.0E7"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        ([1, None], "[1, null]"),
        ({"k": "v", "n": [True]}, "{k=v, n=[true]}"),
        (b"hi", "68 69"),
        (dt.timedelta(days=2, hours=3, seconds=4.5), "2 03:00:04.500"),
    ],
)
def test_a_value_is_written_as_athena_writes_it(value: Any, text: str | None) -> None:
    assert athena_text(value) == text


def test_a_result_file_tells_nulls_from_empty_texts() -> None:
    assert result_csv(["a", "b"], [[None, ""], ['"', "x,y"]]) == b'"a","b"\n,""\n"""","x,y"\n'
