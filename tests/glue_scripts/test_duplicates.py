"""One winner for each key, and an outcome for every other row."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from lakehouse_spark.contract import Column, Dataset
from lakehouse_spark.duplicates import repeated_keys, settle_duplicates
from lakehouse_spark.keeping import keep_small
from pyspark.sql import DataFrame, SparkSession

THING = Dataset(
    name="things",
    columns=(
        Column("shelf", "int", required=True),
        Column("id", "int", required=True),
        Column("size", "int"),
        Column("color", "string"),
    ),
    key=("shelf", "id"),
)
SCHEMA = (
    "shelf int, id int, size int, color string, _reasons array<string>, _source_file string, "
    "_delivered_at timestamp, _fields array<string>, _first_seen_at timestamp, "
    "_winner_file string, _row long"
)
Key = tuple[int | None, int | None]


def thing(
    key: Key = (1, 1),
    size: int | None = 1,
    color: str | None = "red",
    file: str = "a",
    day: int = 1,
    reasons: Sequence[str] = (),
    text: str = "",
    first_seen: datetime | None = None,
) -> tuple[Any, ...]:
    delivered = datetime(2025, 5, day)
    return (*key, size, color, list(reasons), file, delivered, [text], first_seen, None)


def settled(spark: SparkSession, *things: tuple[Any, ...]) -> DataFrame:
    """Return the things, each with a number, settled."""
    numbered = [(*thing, number) for number, thing in enumerate(things)]
    checked_df = spark.createDataFrame(numbered, SCHEMA)
    return settle_duplicates(checked_df, keep_small(repeated_keys(checked_df, THING)), THING)


def settle(spark: SparkSession, *things: tuple[Any, ...]) -> dict[tuple[Any, ...], Any]:
    """Return the outcome and reasons by size, color, file and the first field."""
    rows = settled(spark, *things).collect()
    assert len(rows) == len(things)
    return {
        (row["size"], row["color"], row["_source_file"], *row["_fields"]): (
            row["_outcome"],
            row["_reasons"],
        )
        for row in rows
    }


Settled = tuple[str | None, list[str]]
WINS: Settled = (None, [])
CONFLICT: Settled = ("rejected", ["conflicting_duplicate"])
DUPLICATE: Settled = ("duplicate", [])


def test_a_key_that_occurs_once_wins(spark: SparkSession) -> None:
    outcomes = settle(spark, thing((1, 1), text="1"), thing((1, 2), text="2"), thing((2, 1)))
    assert set(map(str, outcomes.values())) == {str(WINS)}


def test_the_newest_delivery_wins(spark: SparkSession) -> None:
    outcomes = settle(spark, thing(size=9, day=1), thing(size=1, day=2), thing(size=5, day=1))
    assert outcomes[1, "red", "a", ""] == WINS
    assert outcomes[9, "red", "a", ""] == outcomes[5, "red", "a", ""] == CONFLICT


@pytest.mark.parametrize(
    ("winner", "loser"),
    [
        pytest.param({"size": 2, "color": "a"}, {"size": 1, "color": "b"}, id="in column order"),
        pytest.param({"size": 1, "color": "b"}, {"size": 1, "color": "a"}, id="by later columns"),
        pytest.param({"size": -1}, {"size": None}, id="a null being the least"),
    ],
)
def test_of_one_delivery_the_greater_values_win(
    spark: SparkSession, winner: dict[str, Any], loser: dict[str, Any]
) -> None:
    outcomes = settle(
        spark, thing(**loser, file="a", text="loser"), thing(**winner, file="b", text="winner")
    )
    assert {key[-1]: outcome for key, outcome in outcomes.items()} == {
        "winner": WINS,
        "loser": CONFLICT,
    }


def test_of_equal_rows_the_first_file_wins(spark: SparkSession) -> None:
    outcomes = settle(spark, thing(file="b"), thing(file="a"), thing(file="c"))
    assert outcomes[1, "red", "a", ""] == WINS
    assert outcomes[1, "red", "b", ""] == outcomes[1, "red", "c", ""] == DUPLICATE


def test_rows_with_nulls_can_be_equal(spark: SparkSession) -> None:
    outcomes = settle(spark, thing(size=None, file="a"), thing(size=None, file="b"))
    assert outcomes[None, "red", "b", ""] == DUPLICATE


def test_losing_values_are_rejected_once(spark: SparkSession) -> None:
    outcomes = settle(
        spark,
        thing(size=9, day=2),
        thing(size=1, file="a"),
        thing(size=1, file="b"),
        thing(size=2, file="a"),
    )
    assert outcomes[1, "red", "a", ""] == CONFLICT
    assert outcomes[1, "red", "b", ""] == DUPLICATE
    assert outcomes[2, "red", "a", ""] == CONFLICT


def test_a_faulty_row_is_rejected_and_contests_no_key(spark: SparkSession) -> None:
    outcomes = settle(
        spark,
        thing(size=9, day=2, reasons=["out_of_range:size"]),
        thing(size=1),
        thing(size=1, file="b"),
        thing((None, None), size=None, reasons=["missing_value:id"]),
    )
    assert outcomes[9, "red", "a", ""] == ("rejected", ["out_of_range:size"])
    assert outcomes[1, "red", "a", ""] == WINS
    assert outcomes[1, "red", "b", ""] == DUPLICATE
    assert outcomes[None, "red", "a", ""] == ("rejected", ["missing_value:id"])


def test_a_loser_is_told_the_file_that_won(spark: SparkSession) -> None:
    settled_df = settled(
        spark, thing(size=9, file="new", day=2), thing(file="old"), thing(file="old")
    )
    told = sorted((row["_outcome"] or "", row["_winner_file"]) for row in settled_df.collect())
    assert told == [("", None), ("duplicate", None), ("rejected", "new")]


def test_equal_rows_have_waited_since_the_first_of_them(spark: SparkSession) -> None:
    parked_at = datetime(2025, 4, 1)
    settled_df = settled(
        spark, thing(day=2), thing(day=1, first_seen=parked_at), thing(size=9, file="b")
    )
    waited = {(row["size"], row["_first_seen_at"]) for row in settled_df.collect()}
    assert waited == {(1, parked_at), (9, None)}
