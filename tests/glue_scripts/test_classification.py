"""What a row means for the table as it was."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from chispa import assert_column_equality
from lakehouse_spark.classification import classify_rows, known_rows
from lakehouse_spark.contract import Column, Dataset
from pyspark.sql import DataFrame, SparkSession

THING = Dataset(
    name="things",
    columns=(
        Column("id", "int", required=True),
        Column("size", "int"),
        Column("color", "string"),
    ),
    key=("id",),
)
TABLE = "id int, size int, color string, _delivered_at timestamp"
ROWS = f"{TABLE}, _outcome string, _reasons array<string>, expected string, _row long"
DAY_2 = datetime(2025, 5, 2)


CASES = [
    ((3, 5, "red", DAY_2), "inserted"),
    ((1, 5, "red", datetime(2025, 5, 9)), "unchanged"),
    ((1, 5, "red", datetime(2025, 5, 1)), "unchanged"),
    ((2, None, "red", DAY_2), "unchanged"),
    ((1, 6, "red", datetime(2025, 5, 3)), "updated"),
    ((2, 6, "red", datetime(2025, 5, 3)), "updated"),
    ((1, None, "red", datetime(2025, 5, 3)), "updated"),
    ((1, 6, "red", datetime(2025, 5, 1)), "stale"),
    # Delivered at once: the greater values win, as among duplicates.
    ((1, 6, "red", DAY_2), "updated"),
    ((1, 4, "red", DAY_2), "stale"),
    ((2, 4, "red", DAY_2), "updated"),
]


def classify(spark: SparkSession, rows: list[tuple[Any, ...]]) -> DataFrame:
    """Classify rows on top of a table with ids 1 and 2 of day 2."""
    table = [(1, 5, "red", DAY_2), (2, None, "red", DAY_2)]
    table_df = spark.createDataFrame(table, TABLE)
    numbered = [(*row, number) for number, row in enumerate(rows)]
    rows_df = spark.createDataFrame(numbered, ROWS)
    return classify_rows(rows_df, known_rows(rows_df, table_df, THING))


def test_a_winner_is_judged_by_the_table(spark: SparkSession) -> None:
    df = classify(spark, [(*row, None, [], expected) for row, expected in CASES])
    assert df.count() == len(CASES)
    assert_column_equality(df, "_outcome", "expected")


def test_a_row_that_has_an_outcome_keeps_it(spark: SparkSession) -> None:
    df = classify(
        spark,
        [
            (1, 5, "red", DAY_2, "duplicate", [], "duplicate"),
            (9, 5, "red", DAY_2, "rejected", ["unknown_reference:size"], "rejected"),
            (None, None, None, None, "rejected", ["missing_value:id"], "rejected"),
        ],
    )
    assert_column_equality(df, "_outcome", "expected")


def test_a_rejected_row_has_a_category(spark: SparkSession) -> None:
    df = classify(
        spark,
        [
            (1, 5, "red", DAY_2, None, [], None),
            (1, 5, "red", DAY_2, "duplicate", [], None),
            (None, None, None, None, "rejected", ["missing_value:id"], "data_quality"),
        ],
    )
    assert_column_equality(df, "_category", "expected")


def test_without_rows_in_the_table_all_winners_are_new(spark: SparkSession) -> None:
    rows_df = spark.createDataFrame([(1, 5, "red", DAY_2, None, [], "inserted", 0)], ROWS)
    assert_column_equality(classify_rows(rows_df, None), "_outcome", "expected")


def test_a_row_is_told_the_partition_of_the_row_that_it_replaces(spark: SparkSession) -> None:
    thing = replace(THING, partition_column="size")
    table_df = spark.createDataFrame([(1, 5, "red", DAY_2), (2, None, "red", DAY_2)], TABLE)
    rows: list[tuple[Any, ...]] = [
        (id_, 7, "red", datetime(2025, 5, 9), None, [], "", id_) for id_ in (1, 2, 3)
    ]
    rows_df = spark.createDataFrame(rows, ROWS)
    classified = classify_rows(rows_df, known_rows(rows_df, table_df, thing)).collect()
    found = {row["id"]: (row["_outcome"], row["_table_partition"]) for row in classified}
    assert found == {1: ("updated", 5), 2: ("updated", None), 3: ("inserted", None)}
