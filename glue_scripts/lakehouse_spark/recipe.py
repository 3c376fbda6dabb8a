"""The rows of one dataset, from its files to one outcome each."""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.attempt import Attempt
from lakehouse_spark.classification import ACCEPTED, classify_rows
from lakehouse_spark.contract import Dataset, Reference
from lakehouse_spark.duplicates import is_sound, repeated_keys, settle_duplicates
from lakehouse_spark.keeping import keep_rows, keep_small
from lakehouse_spark.ledger import Tally
from lakehouse_spark.parked import is_expired, is_retried, parked_rows
from lakehouse_spark.ranges import Range, bounds, join_ranges, lies_in
from lakehouse_spark.reading import read_rows
from lakehouse_spark.reasons import check_rows
from lakehouse_spark.references import drop_known, judge_orphans, wanted_values


def classify_dataset(
    attempt: Attempt, dataset: Dataset, classified: Mapping[str, DataFrame], tally: Tally
) -> DataFrame:
    """Return the dataset's rows with their outcomes, kept, and count them into `tally`.

    classified has the rows of the datasets before this one; the dataset has accepted files, or
    rows that were parked.
    """
    checked_df = keep_rows(_checked_rows(attempt, dataset, bool(tally.parked_before(dataset.name))))
    keys = _count_read(checked_df, dataset, tally)
    repeated_df = keep_small(repeated_keys(checked_df, dataset))
    settled_df = settle_duplicates(checked_df, repeated_df, dataset)
    missing = _missing_values(attempt, settled_df, dataset, classified)
    expired = is_expired(attempt, dataset)
    referred_df = judge_orphans(settled_df, missing, expired) if missing else settled_df
    base_df = attempt.base(dataset.name).where(lies_in(F.col(dataset.key[0]), keys))
    classified_df = keep_rows(classify_rows(referred_df, base_df, dataset))
    retried = is_retried().alias("_retried")
    by_outcome = classified_df.groupBy("_source_file", retried, "_outcome", "_category")
    tally.add_outcomes(dataset.name, by_outcome.count().collect())
    return classified_df


def _count_read(checked_df: DataFrame, dataset: Dataset, tally: Tally) -> list[Range]:
    """Count the rows of each file; return the ranges in which the sound rows' keys lie.

    By file, because files of different days have different keys, where keys follow time.
    """
    key = F.when(is_sound(), F.col(dataset.key[0]))
    by_file = checked_df.groupBy("_source_file", is_retried().alias("_retried"))
    counts = [F.count("*").alias("count"), F.min(key).alias("low"), F.max(key).alias("high")]
    rows = by_file.agg(*counts).collect()
    tally.add_read(row for row in rows if not row["_retried"])
    return join_ranges((row["low"], row["high"]) for row in rows)


def _checked_rows(attempt: Attempt, dataset: Dataset, with_parked: bool) -> DataFrame:
    """Return the rows of the dataset's files, and those that were parked, in one."""
    files = attempt.manifest.accepted(dataset.name)
    sources = [read_rows(attempt.spark, attempt.root, dataset, files)] if files else []
    if with_parked:
        sources.append(parked_rows(attempt, dataset))
    return check_rows(reduce(DataFrame.unionByName, sources), dataset)


def _missing_values(
    attempt: Attempt, settled_df: DataFrame, dataset: Dataset, classified: Mapping[str, DataFrame]
) -> dict[Reference, DataFrame]:
    """Return, by reference, the wanted values that neither the batch nor a table has, if any."""
    missing = {}
    for reference in dataset.references:
        unmet_df = _unmet_by_batch(settled_df, reference, classified.get(reference.dataset))
        if unmet_df:
            wanted = lies_in(F.col(reference.parent_column), bounds(unmet_df, "_wanted"))
            parent_df = attempt.base(reference.dataset).where(wanted)
            missing[reference] = keep_small(drop_known(unmet_df, reference, parent_df))
    return {reference: df for reference, df in missing.items() if df}


def _unmet_by_batch(
    settled_df: DataFrame, reference: Reference, brought_df: DataFrame | None
) -> DataFrame | None:
    wanted_df = wanted_values(settled_df, reference)
    if brought_df:
        accepted_df = brought_df.where(F.col("_outcome").isin(ACCEPTED))
        wanted_df = drop_known(wanted_df, reference, accepted_df)
    return keep_small(wanted_df)
