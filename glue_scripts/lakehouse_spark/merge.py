"""Bring rows into a Delta table by key."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.history import Transaction
from lakehouse_spark.ranges import Range, lies_in


@dataclass(frozen=True)
class Replaced:
    """Where the table's rows lie that a merge replaces, so that no other file is looked at.

    `keys` are ranges of the first key column, None where they tell nothing; `partitions` are
    partition values, of which None is one too.
    """

    partitions: Sequence[Any]
    keys: Sequence[Range] | None = None


def merge_delta(
    df: DataFrame,
    path: str,
    key_cols: list[str],
    partition_col: str | None,
    replaced: Replaced,
    transaction: Transaction,
) -> None:
    """Insert the rows of `df` whose key is new, and replace the table's rows for the other keys.

    `df` has the columns of the table at `path` and each key once. A key alone decides what matches,
    so a row whose partition value changes moves.
    """
    condition = matching(key_cols) & _lies_in(replaced.partitions, partition_col)
    if replaced.keys is not None:
        condition &= lies_in(F.col(f"target.{key_cols[0]}"), replaced.keys)
    session = transaction.session(df.sparkSession)
    target = DeltaTable.forPath(session, path).alias("target")
    merge = target.merge(df.alias("source"), condition)
    merge.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()


def append_delta(
    df: DataFrame, path: str, partition_col: str | None, transaction: Transaction
) -> None:
    """Add the rows of `df` to the table; none of their keys may be in it."""
    # One task, and so one file, for each partition value, as MERGE does it too.
    grouped_df = df.repartition(partition_col) if partition_col else df
    grouped_df.write.format("delta").mode("append").options(**transaction.options()).save(path)


def matching(key_cols: list[str]) -> Column:
    """Return whether row ``source`` and row ``target`` have the same key."""
    same = [F.col(f"source.{name}") == F.col(f"target.{name}") for name in key_cols]
    return reduce(Column.__and__, same)


def _lies_in(partitions: Sequence[Any], partition_col: str | None) -> Column:
    """Return whether row ``target`` is in one of the partitions."""
    if partition_col is None:
        return F.lit(True)
    partition = F.col(f"target.{partition_col}")
    is_listed = partition.isin([value for value in partitions if value is not None])
    return is_listed | partition.isNull() if None in partitions else is_listed
