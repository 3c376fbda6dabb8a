"""What a batch's row means for the table as it was before the batch: its outcome."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.contract import Dataset
from lakehouse_spark.reasons import category

OUTCOMES = ["inserted", "updated", "unchanged", "duplicate", "rejected", "parked", "stale"]
# A row with one of these outcomes is in the table, or a newer one with its key is.
ACCEPTED = ["inserted", "updated", "unchanged", "stale"]
WRITTEN = ["inserted", "updated"]


def classify_rows(settled_df: DataFrame, base_df: DataFrame, dataset: Dataset) -> DataFrame:
    """Give each winner its outcome against `base_df`, the table at its base version.

    Every row of settled_df comes out once, with ``_outcome``, and ``_category`` if it is rejected.
    """
    values = F.struct(*dataset.column_names).alias("values")
    table_row = F.struct(values, "_delivered_at").alias("_table_row")
    known_df = base_df.select(*dataset.key, table_row)
    return (
        settled_df
        .join(known_df, on=list(dataset.key), how="left")
        .withColumn("_outcome", F.coalesce("_outcome", outcome(dataset)))
        .withColumn("_category", category(F.col("_reasons")))
        .select(*settled_df.columns, "_category")
    )


def outcome(dataset: Dataset) -> Column:
    """Return what a winner means for the row ``_table_row`` that the table has for its key."""
    is_known = F.col("_table_row").isNotNull()
    is_equal = F.col("_table_row.values") == _values(dataset)
    return (
        F
        .when(~is_known, F.lit("inserted"))
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
