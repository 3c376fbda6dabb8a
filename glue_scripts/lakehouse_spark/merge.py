"""Bring rows into a Delta table by key."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.ranges import Range, bounds, lies_in


def merge_delta(df: DataFrame, path: str, key_cols: list[str], partition_col: str | None) -> None:
    """Insert the rows of `df` whose key is new, and replace the table's rows for the other keys.

    `df` has the columns of the table at `path` and each key once. A key alone decides what matches,
    so a row whose partition value changes moves. Without rows there is no commit.
    """
    if df.isEmpty():
        return
    keys = bounds(df, key_cols[0])
    partitions = matched_partitions(df, path, key_cols, partition_col, keys)
    if partitions:
        target = lies_in(F.col(f"target.{key_cols[0]}"), keys)
        _merge(df, path, matching(key_cols) & target & _lies_in(partitions, partition_col))
    else:
        append_delta(df, path, partition_col)


def append_delta(df: DataFrame, path: str, partition_col: str | None) -> None:
    """Add the rows of `df` to the table; none of their keys may be in it."""
    # One task, and so one file, for each partition value, as MERGE does it too.
    grouped_df = df.repartition(partition_col) if partition_col else df
    grouped_df.write.format("delta").mode("append").save(path)


def matched_partitions(
    df: DataFrame, path: str, key_cols: list[str], partition_col: str | None, keys: Sequence[Range]
) -> list[Any]:
    """Return the partition values of the table's rows that have a key of `df`, which lie in `keys`.

    One None stands for all of a table without partitions; an empty list says that all keys are new.
    """
    partition = F.col(partition_col) if partition_col else F.lit(None)
    table_df = df.sparkSession.read.format("delta").load(path)
    near_df = table_df.where(lies_in(F.col(key_cols[0]), keys))
    keyed_df = near_df.select(*key_cols, partition.alias("_partition"))
    matched_df = keyed_df.join(df.select(*key_cols), on=key_cols, how="left_semi")
    return [row["_partition"] for row in matched_df.select("_partition").distinct().collect()]


def matching(key_cols: list[str]) -> Column:
    """Return whether row ``source`` and row ``target`` have the same key."""
    same = [F.col(f"source.{name}") == F.col(f"target.{name}") for name in key_cols]
    return reduce(Column.__and__, same)


def _lies_in(partitions: list[Any], partition_col: str | None) -> Column:
    """Name the partitions of the rows to be replaced, so that no other file is looked at."""
    if partition_col is None:
        return F.lit(True)
    partition = F.col(f"target.{partition_col}")
    is_listed = partition.isin([value for value in partitions if value is not None])
    return is_listed | partition.isNull() if None in partitions else is_listed


def _merge(df: DataFrame, path: str, condition: Column) -> None:
    target = DeltaTable.forPath(df.sparkSession, path).alias("target")
    merge = target.merge(df.alias("source"), condition)
    merge.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()
