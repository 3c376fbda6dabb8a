"""Parked rows: what waits for its parents in the table of rejects is tried again by each batch."""

from datetime import timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.attempt import Attempt
from lakehouse_spark.contract import Dataset
from lakehouse_spark.reading import SOURCE_COLUMNS, text_of
from lakehouse_spark.tables import REJECTED

PARKED = "parked"


def count_parked(attempt: Attempt) -> dict[str, int]:
    """Return how many rows of each dataset were parked before the attempt, where there are any."""
    if attempt.is_new(REJECTED):
        return {}
    counts = _parked(attempt).groupBy("dataset").count().collect()
    return {row["dataset"]: row["count"] for row in counts}


def parked_rows(attempt: Attempt, dataset: Dataset) -> DataFrame:
    """Return the dataset's parked rows as rows of text, in the columns of reading.read_rows."""
    texts = [F.col("raw_record")[each.name].alias(text_of(each.name)) for each in dataset.delivered]
    source = {
        "_source_file": F.col("source_file"),
        "_delivered_at": F.col("delivered_at"),
        "_layout": F.lit(None).cast("int"),
        "_fields": F.lit(None).cast("array<string>"),
        "_record": F.lit(None).cast("string"),
        "_parked": F.struct("*"),
    }
    parked_df = _parked(attempt).where(F.col("dataset") == F.lit(dataset.name))
    misfit = F.lit(None).cast("string").alias("_misfit")
    return parked_df.select(*texts, misfit, *(source[name].alias(name) for name in SOURCE_COLUMNS))


def is_retried() -> Column:
    """Return whether a row is not of this batch's files, but was parked before."""
    return F.col("_parked").isNotNull()


def first_seen() -> Column:
    """Return since when the first of some rows waits, in seconds, as ``first_seen``."""
    return F.min(F.col("_first_seen_at").cast("long")).alias("first_seen")


def is_expired(attempt: Attempt, dataset: Dataset) -> Column:
    """Return whether a row has waited as long as the contract lets it.

    Counted from the planning of the first batch that parked it to the planning of this one.
    """
    patience = timedelta(days=dataset.limits.patience_days)
    last_first_seen = F.lit(attempt.manifest.planned_at - patience)
    planned_at = F.lit(attempt.manifest.planned_at)
    return F.coalesce(F.col("_first_seen_at"), planned_at) <= last_first_seen


def _parked(attempt: Attempt) -> DataFrame:
    return attempt.base(REJECTED).where(F.col("status") == F.lit(PARKED))
