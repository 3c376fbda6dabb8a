"""Referential integrity: what refers to nothing is parked, and rejected after its time."""

from typing import Any

from lakehouse_spark.contract import Reference
from lakehouse_spark.references import drop_known, judge_orphans, wanted_values
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

TO_BOX = Reference("box", "boxes", "id")
TO_SHELF = Reference("shelf", "shelves", "number")
Things = list[tuple[Any, ...]]
SCHEMA = "name string, box int, shelf int, _outcome string, _reasons array<string>"


def refer(
    spark: SparkSession,
    things: Things,
    boxes: list[int],
    shelves: list[int],
) -> dict[str, tuple[str | None, list[str]]]:
    """Return outcome and reasons by name."""
    things_df = spark.createDataFrame(things, SCHEMA)
    boxes_df = spark.createDataFrame([(id_,) for id_ in boxes], "id int")
    shelves_df = spark.createDataFrame([(id_,) for id_ in shelves], "number int")
    wanted = {each: wanted_values(things_df, each) for each in (TO_BOX, TO_SHELF)}
    missing = {
        TO_BOX: drop_known(wanted[TO_BOX], TO_BOX, boxes_df),
        TO_SHELF: drop_known(wanted[TO_SHELF], TO_SHELF, shelves_df),
    }
    judged = judge_orphans(things_df, missing, F.col("name") == "old").collect()
    assert len(judged) == len(things)
    return {row["name"]: (row["_outcome"], row["_reasons"]) for row in judged}


def test_what_has_its_parents_is_left_alone(spark: SparkSession) -> None:
    things: Things = [("one", 1, 1, None, []), ("other", 2, 1, None, [])]
    judged = refer(spark, things, boxes=[1, 2, 2], shelves=[1])
    assert judged == {"one": (None, []), "other": (None, [])}


def test_each_missing_parent_is_a_reason(spark: SparkSession) -> None:
    things: Things = [
        ("one", 9, 1, None, []),
        ("both", 9, 9, None, []),
        ("both too", 9, 9, None, []),
    ]
    judged = refer(spark, things, boxes=[1], shelves=[1])
    both = ("parked", ["unknown_reference:box", "unknown_reference:shelf"])
    assert judged == {
        "one": ("parked", ["unknown_reference:box"]),
        "both": both,
        "both too": both,
    }


def test_a_null_refers_to_nothing(spark: SparkSession) -> None:
    judged = refer(spark, [("free", None, 1, None, [])], boxes=[], shelves=[1])
    assert judged == {"free": (None, [])}


def test_only_winners_are_asked(spark: SparkSession) -> None:
    things: Things = [
        ("winner", 9, 1, None, []),
        ("twin", 9, 1, "duplicate", []),
        ("bad", 9, 1, "rejected", ["bad_number:size"]),
    ]
    assert refer(spark, things, boxes=[], shelves=[1]) == {
        "winner": ("parked", ["unknown_reference:box"]),
        "twin": ("duplicate", []),
        "bad": ("rejected", ["bad_number:size"]),
    }


def test_what_has_waited_its_time_is_rejected(spark: SparkSession) -> None:
    things: Things = [("old", 9, 1, None, []), ("new", 9, 1, None, [])]
    judged = refer(spark, things, boxes=[], shelves=[1])
    assert {name: outcome for name, (outcome, _) in judged.items()} == {
        "old": "rejected",
        "new": "parked",
    }
