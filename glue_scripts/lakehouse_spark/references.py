"""Referential integrity: a row that refers to a row which is nowhere is parked, or rejected."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.contract import Reference
from lakehouse_spark.reasons import each_that_is


def wanted_values(settled_df: DataFrame, reference: Reference) -> DataFrame:
    """Return the values by which winners refer to a parent, each once, as column ``_wanted``.

    A null refers to nothing and is not among them.
    """
    return _values(settled_df.where(is_winner()), reference.column).distinct()


def drop_known(wanted_df: DataFrame, reference: Reference, parent_df: DataFrame) -> DataFrame:
    """Drop the wanted values that a row of `parent_df` has."""
    known_df = _values(parent_df, reference.parent_column)
    return wanted_df.join(known_df, on="_wanted", how="left_anti")


def judge_orphans(
    settled_df: DataFrame, missing: Mapping[Reference, DataFrame], is_expired: Column
) -> DataFrame:
    """Park each winner that wants a value of `missing`, with one reason for each of them.

    One that has waited long enough (`is_expired`) is rejected.
    """
    for reference, missing_df in missing.items():
        flag = f"_orphan_{reference.column}"
        flagged_df = missing_df.select(F.col("_wanted").alias(flag))
        is_orphan = F.col(reference.column) == F.col(flag)
        settled_df = settled_df.join(flagged_df, on=is_orphan, how="left")
    is_missing = {
        f"unknown_reference:{each.column}": F.col(f"_orphan_{each.column}").isNotNull()
        for each in missing
    }
    found = F.array_except(each_that_is(is_missing), F.array(F.lit(None).cast("string")))
    is_orphan = is_winner() & (F.size(found) > F.lit(0))
    judged = F.when(is_expired, F.lit("rejected")).otherwise(F.lit("parked"))
    return settled_df.withColumns({
        "_reasons": F.when(is_orphan, found).otherwise(F.col("_reasons")),
        "_outcome": F.when(is_orphan, judged).otherwise(F.col("_outcome")),
    }).drop(*(f"_orphan_{each.column}" for each in missing))


def is_winner() -> Column:
    """Return whether a row is the one of its key, with nothing against it so far."""
    return F.col("_outcome").isNull()


def _values(df: DataFrame, column: str) -> DataFrame:
    return df.select(F.col(column).alias("_wanted")).where(F.col("_wanted").isNotNull())
