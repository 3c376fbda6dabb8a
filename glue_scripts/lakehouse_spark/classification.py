"""What a batch's row means for the table as it was before the batch: its outcome."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.contract import Dataset
from lakehouse_spark.duplicates import is_sound
from lakehouse_spark.reasons import category

OUTCOMES = ["inserted", "updated", "unchanged", "duplicate", "rejected", "parked", "stale"]
# A row with one of these outcomes is in the table, or a newer one with its key is.
ACCEPTED = ["inserted", "updated", "unchanged", "stale"]
WRITTEN = ["inserted", "updated"]
KNOWN_COLUMNS = ["_known_row", "_known_key", "_known_outcome", "_table_partition"]


def known_rows(checked_df: DataFrame, table_df: DataFrame, dataset: Dataset) -> DataFrame:
    """Return what each sound row means for the row that the table has for its key, if any.

    Columns: ``_known_row`` (its ``_row``), ``_known_key`` (the first of its key),
    ``_known_outcome``, ``_table_partition``.
    """
    values = F.struct(*dataset.column_names).alias("values")
    partition = F.col(dataset.partition_column) if dataset.partition_column else F.lit(None)
    known_df = table_df.select(
        *dataset.key,
        F.struct(values, "_delivered_at").alias("_table_row"),
        partition.alias("_table_partition"),
    )
    return (
        checked_df
        .where(is_sound())
        .join(known_df, on=list(dataset.key), how="inner")
        .select(
            F.col("_row").alias("_known_row"),
            F.col(dataset.key[0]).alias("_known_key"),
            _outcome(dataset).alias("_known_outcome"),
            "_table_partition",
        )
    )


def classify_rows(settled_df: DataFrame, known_df: DataFrame | None) -> DataFrame:
    """Give each winner its outcome: what known_rows says of it; without such a row it is new.

    Every row of settled_df comes out once, with ``_outcome``, ``_category`` if it is rejected, and
    ``_table_partition``, where the row is that it replaces.
    """
    nothing = F.lit(None)
    if known_df is None:
        outcome, partition = F.lit("inserted"), nothing
    else:
        is_known = F.col("_row") == F.col("_known_row")
        settled_df = settled_df.join(known_df, on=is_known, how="left")
        outcome = F.coalesce("_known_outcome", F.lit("inserted"))
        partition = F.col("_table_partition")
    columns = [name for name in settled_df.columns if name not in KNOWN_COLUMNS]
    return settled_df.select(
        *(name for name in columns if name != "_outcome"),
        F.coalesce("_outcome", outcome).alias("_outcome"),
        category(F.col("_reasons")).alias("_category"),
        partition.alias("_table_partition"),
    )


def _outcome(dataset: Dataset) -> Column:
    """Return what a winner means for the row ``_table_row`` that the table has for its key."""
    is_equal = F.col("_table_row.values") == _values(dataset)
    return (
        F
        .when(is_equal, F.lit("unchanged"))
        .when(is_older(dataset), F.lit("stale"))
        .otherwise(F.lit("updated"))
    )


def is_older(dataset: Dataset) -> Column:
    """Return whether the table's row comes first in the order that also settles duplicates.

    The newer delivery comes first, and of one delivery time the greater values.
    """
    delivered, known = F.col("_delivered_at"), F.col("_table_row._delivered_at")
    is_greater = F.col("_table_row.values") > _values(dataset)
    return (delivered < known) | ((delivered == known) & is_greater)


def _values(dataset: Dataset) -> Column:
    """Return the values in contract order; structs compare null-safe, a null being the least."""
    return F.struct(*dataset.column_names)
