"""The rows of one dataset, from what was found of them to one outcome each."""

from collections.abc import Mapping
from functools import partial

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse_spark.attempt import Attempt
from lakehouse_spark.checking import Checked
from lakehouse_spark.classification import ACCEPTED, classify_rows
from lakehouse_spark.contract import Dataset, Reference
from lakehouse_spark.duplicates import settle_duplicates
from lakehouse_spark.keeping import keep_small
from lakehouse_spark.ledger import Tally
from lakehouse_spark.parked import first_seen, is_expired, is_retried
from lakehouse_spark.ranges import Range, bounds
from lakehouse_spark.references import drop_known, judge_orphans, wanted_values
from lakehouse_spark.side_by_side import run_side_by_side


def classify_dataset(
    attempt: Attempt,
    dataset: Dataset,
    checked: Checked,
    classified: Mapping[str, DataFrame],
    tally: Tally,
) -> DataFrame:
    """Return the dataset's rows with their outcomes, and count them into `tally`.

    classified has the rows of the datasets before this one.
    """
    tally.add_read(row for row in checked.by_file if not row["_retried"])
    settled_df = settle_duplicates(checked.rows_df, checked.repeated_df, dataset)
    missing = _missing_values(attempt, settled_df, dataset, checked, classified)
    expired = is_expired(attempt, dataset)
    referred_df = judge_orphans(settled_df, missing, expired) if missing else settled_df
    classified_df = classify_rows(referred_df, checked.known_df)
    if checked.stands_alone and not missing:
        tally.add_outcomes(dataset.name, checked.outcomes())
    else:
        tally.add_outcomes(dataset.name, _count_outcomes(classified_df))
    return classified_df


def _count_outcomes(classified_df: DataFrame) -> list[Row]:
    retried = is_retried().alias("_retried")
    by_outcome = classified_df.groupBy("_source_file", retried, "_outcome", "_category")
    return by_outcome.agg(F.count("*").alias("count"), first_seen()).collect()


def _missing_values(
    attempt: Attempt,
    settled_df: DataFrame,
    dataset: Dataset,
    checked: Checked,
    classified: Mapping[str, DataFrame],
) -> dict[Reference, DataFrame]:
    """Return, by reference, the wanted values that neither the batch nor a table has, if any."""
    missing = run_side_by_side({
        reference: partial(
            _missing_of_parent,
            attempt,
            reference,
            wanted_values(settled_df, reference),
            checked.ranges(reference.column),
            classified.get(reference.dataset),
        )
        for reference in dataset.references
    })
    return {reference: df for reference, df in missing.items() if df}


def _missing_of_parent(
    attempt: Attempt,
    reference: Reference,
    wanted_df: DataFrame,
    ranges: list[Range],
    brought_df: DataFrame | None,
) -> DataFrame | None:
    """Return the wanted values, which lie in `ranges`, that no parent has: of the batch, then all.

    In two steps, because what a batch brings with its parents is most of it, and what is left lies
    in few files of the parents' table.
    """
    if brought_df:
        accepted_df = brought_df.where(F.col("_outcome").isin(ACCEPTED))
        wanted_df = drop_known(wanted_df, reference, accepted_df).persist()
        ranges = bounds(wanted_df, "_wanted")
        if not ranges:
            return None
    parent_df = attempt.rows_in(reference.dataset, reference.parent_column, ranges)
    if parent_df:
        wanted_df = drop_known(wanted_df, reference, parent_df)
    return keep_small(wanted_df)
