"""One row for each key: the newest delivery wins, and every other row gets an outcome."""

from functools import reduce

from pyspark.sql import Column, DataFrame, Window, WindowSpec
from pyspark.sql import functions as F

from lakehouse_spark.contract import Dataset
from lakehouse_spark.keeping import keep_small

# What a contest for a key decides of a row.
SETTLED = ["_outcome", "_reasons", "_first_seen_at", "_winner_file"]


def repeated_keys(checked_df: DataFrame, dataset: Dataset) -> DataFrame:
    """Return the keys that more than one sound row has, as columns ``_repeated_<name>``."""
    keys_df = checked_df.where(is_sound()).groupBy(*dataset.key).agg(F.count("*").alias("_rows"))
    names = [F.col(name).alias(f"_repeated_{name}") for name in dataset.key]
    return keys_df.where(F.col("_rows") > F.lit(1)).select(*names)


def settle_duplicates(
    checked_df: DataFrame, repeated_df: DataFrame | None, dataset: Dataset
) -> DataFrame:
    """Add ``_outcome``: ``rejected`` or ``duplicate``, null for the one winner of each key.

    repeated_df has the repeated_keys, None stands for none. A loser with other values than the
    winner's is rejected as conflicting_duplicate, once for each set of values; rows equal to one
    that is already settled are duplicates.
    """
    unsound = F.when(~is_sound(), F.lit("rejected"))
    if repeated_df is None:
        return checked_df.withColumn("_outcome", unsound)
    contests_df = keep_small(_contests(checked_df, repeated_df, dataset))
    if contests_df is None:
        raise ValueError("repeated_df has keys that are not repeated")
    is_contested = F.col("_contested_row").isNotNull()
    settled = {
        name: F.when(is_contested, F.col(f"_contested{name}")).otherwise(before)
        for name, before in zip(SETTLED, [unsound, *map(F.col, SETTLED[1:])], strict=True)
    }
    return (
        checked_df
        .join(contests_df, F.col("_row") == F.col("_contested_row"), how="left")
        .withColumns(settled)
        .drop(*contests_df.columns)
    )


def _contests(checked_df: DataFrame, repeated_df: DataFrame, dataset: Dataset) -> DataFrame:
    """Return what was decided of each sound row with a repeated key, as ``_contested<name>``."""
    same_key = [F.col(name) == F.col(f"_repeated_{name}") for name in dataset.key]
    is_repeated = reduce(Column.__and__, same_key) & is_sound()
    contested_df = checked_df.join(repeated_df, on=is_repeated, how="left_semi")
    settled_df = contested_df.transform(with_contest_outcome, dataset)
    return settled_df.select(
        *(F.col(each).alias(f"_contested{each}") for each in ["_row", *SETTLED])
    )


def with_contest_outcome(contested_df: DataFrame, dataset: Dataset) -> DataFrame:
    """Add ``_outcome`` to sound rows that share their key with others, and the losers' reason.

    A loser is told the winner's file; rows that are equal wait for their parents since the first
    of them was parked, so that an orphan that is delivered again and again gets no more time.
    """
    by_file = [F.desc("_delivered_at"), F.asc("_source_file"), F.asc("_fields")]
    by_value = [F.desc_nulls_last(name) for name in dataset.column_names]
    contest = Window.partitionBy(*dataset.key).orderBy(by_file[0], *by_value, *by_file[1:])
    equals = Window.partitionBy(*dataset.column_names).orderBy(*by_file)
    loses = F.col("_outcome") == F.lit("rejected")
    return (
        contested_df
        .withColumns({
            "_place": _place(contest),
            "_place_of_equals": _place(equals),
            "_first_seen_at": F.min("_first_seen_at").over(_all_of(equals)),
            "_first_file": F.first("_source_file").over(contest),
        })
        .withColumn("_outcome", _contest_outcome())
        .withColumn("_reasons", F.when(loses, _conflict()).otherwise(F.col("_reasons")))
        .withColumn("_winner_file", F.when(loses, F.col("_first_file")))
        .drop("_place", "_place_of_equals", "_first_file")
    )


def is_sound() -> Column:
    """Return whether nothing is wrong with a row in itself."""
    return F.size("_reasons") == F.lit(0)


def _place(window: WindowSpec) -> Column:
    return F.row_number().over(window)


def _all_of(window: WindowSpec) -> WindowSpec:
    return window.rowsBetween(Window.unboundedPreceding, Window.unboundedFollowing)


def _contest_outcome() -> Column:
    wins = F.col("_place") == F.lit(1)
    is_first_of_equals = F.col("_place_of_equals") == F.lit(1)
    return (
        F
        .when(wins, F.lit(None).cast("string"))
        .when(is_first_of_equals, F.lit("rejected"))
        .otherwise(F.lit("duplicate"))
    )


def _conflict() -> Column:
    return F.array(F.lit("conflicting_duplicate"))
