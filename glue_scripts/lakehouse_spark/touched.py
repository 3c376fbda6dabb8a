"""What a batch touched of a table, by the log: the partitions and keys of the files it wrote."""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_spark.contract import Dataset
from lakehouse_spark.delta_log import AddedFile, added_files
from lakehouse_spark.ranges import BOUNDED_TYPES, Range, join_ranges, lies_in


@dataclass(frozen=True)
class Touched:
    """Values of the partition column, as texts, and ranges of the first key column.

    The ranges are None where the statistics of a file do not tell.
    """

    partitions: Sequence[str | None]
    keys: Sequence[Range] | None


def touched_by(spark: SparkSession, path: str, dataset: Dataset, base: int, new: int) -> Touched:
    """Return what the commits after version `base`, up to version `new`, touched."""
    files = added_files(spark, path, base, new)
    partitions = {file.partition.get(dataset.partition_column or "") for file in files}
    return Touched(list(partitions), _key_ranges(dataset, files))


def touched_rows(table_df: DataFrame, dataset: Dataset, touched: Touched) -> DataFrame:
    """Return the table's rows in the partitions, and those elsewhere whose key is in the ranges.

    In two parts, so that Delta passes over partitions in the one and over files in the other.
    """
    in_range = has_key(F.col(dataset.key[0]), touched)
    if dataset.partition_column is None:
        return table_df.where(in_range)
    is_touched = _is_touched(dataset, dataset.partition_column, touched)
    elsewhere_df = table_df.where(~is_touched & in_range)
    return table_df.where(is_touched).unionByName(elsewhere_df)


def has_key(key: Column, touched: Touched) -> Column:
    """Return whether a key lies in the ranges."""
    return F.lit(True) if touched.keys is None else lies_in(key, touched.keys)


def _is_touched(dataset: Dataset, partition_column: str, touched: Touched) -> Column:
    value, type_ = F.col(partition_column), dataset.type_of(partition_column)
    texts = [text for text in touched.partitions if text is not None]
    is_listed = F.coalesce(value.isin([F.lit(text).cast(type_) for text in texts]), F.lit(False))
    return is_listed | value.isNull() if None in touched.partitions else is_listed


def _key_ranges(dataset: Dataset, files: Sequence[AddedFile]) -> list[Range] | None:
    key = dataset.key[0]
    ranges = [(file.low.get(key), file.high.get(key)) for file in files]
    if dataset.type_of(key) not in BOUNDED_TYPES or any(None in each for each in ranges):
        return None
    return join_ranges(ranges)
