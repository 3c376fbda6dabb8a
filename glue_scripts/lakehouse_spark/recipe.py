"""The rows of one dataset, from its files to one outcome each."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse_spark.attempt import Attempt
from lakehouse_spark.classification import ACCEPTED, classify_rows, known_rows
from lakehouse_spark.contract import Dataset, Reference
from lakehouse_spark.duplicates import is_sound, repeated_keys, settle_duplicates
from lakehouse_spark.keeping import keep_rows, keep_small
from lakehouse_spark.ledger import Tally
from lakehouse_spark.parked import is_expired, is_retried, parked_rows
from lakehouse_spark.ranges import Range, bounds, join_ranges, lies_in
from lakehouse_spark.reading import read_rows
from lakehouse_spark.reasons import check_rows
from lakehouse_spark.references import drop_known, judge_orphans, wanted_values


@dataclass(frozen=True)
class Checked:
    """A dataset's rows, kept, and what is to be said of them without looking at other datasets.

    `by_file` are counts and ranges of values; `repeated_df` and `known_df` are the few rows, if
    any, of which repeated_keys and known_rows tell.
    """

    rows_df: DataFrame
    by_file: list[Row]
    repeated_df: DataFrame | None
    known_df: DataFrame | None

    def ranges(self, column: str) -> list[Range]:
        """Return the ranges in which the sound rows' values of a key or reference lie.

        By file, because files of different days have different keys, where keys follow time.
        """
        return join_ranges((row[f"low_{column}"], row[f"high_{column}"]) for row in self.by_file)


def check_dataset(attempt: Attempt, dataset: Dataset, with_parked: bool) -> Checked:
    """Read, check and keep the dataset's rows, and compare them with its table."""
    rows_df = keep_rows(_checked_rows(attempt, dataset, with_parked))
    by_file = _count_by_file(rows_df, dataset)
    repeated_df = keep_small(repeated_keys(rows_df, dataset))
    checked = Checked(rows_df, by_file, repeated_df, None)
    if attempt.is_new(dataset.name):
        return checked
    key = dataset.key[0]
    table_df = attempt.base(dataset.name).where(lies_in(F.col(key), checked.ranges(key)))
    known_df = keep_small(known_rows(rows_df, table_df, dataset))
    return Checked(rows_df, by_file, repeated_df, known_df)


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
    retried = is_retried().alias("_retried")
    by_outcome = classified_df.groupBy("_source_file", retried, "_outcome", "_category")
    tally.add_outcomes(dataset.name, by_outcome.count().collect())
    return classified_df


def _checked_rows(attempt: Attempt, dataset: Dataset, with_parked: bool) -> DataFrame:
    """Return the rows of the dataset's files, and those that were parked, each with a number."""
    files = attempt.manifest.accepted(dataset.name)
    sources = [read_rows(attempt.spark, attempt.root, dataset, files)] if files else []
    if with_parked:
        sources.append(parked_rows(attempt, dataset))
    text_df = reduce(DataFrame.unionByName, sources)
    return check_rows(text_df, dataset).withColumn("_row", F.monotonically_increasing_id())


def _count_by_file(rows_df: DataFrame, dataset: Dataset) -> list[Row]:
    """Return ``count``, and ``low_<column>`` and ``high_<column>`` of sound rows' values."""
    aggregates = [F.count("*").alias("count")]
    for name in {dataset.key[0], *(reference.column for reference in dataset.references)}:
        value = F.when(is_sound(), F.col(name))
        aggregates += [F.min(value).alias(f"low_{name}"), F.max(value).alias(f"high_{name}")]
    by_file = rows_df.groupBy("_source_file", is_retried().alias("_retried"))
    return by_file.agg(*aggregates).collect()


def _missing_values(
    attempt: Attempt,
    settled_df: DataFrame,
    dataset: Dataset,
    checked: Checked,
    classified: Mapping[str, DataFrame],
) -> dict[Reference, DataFrame]:
    """Return, by reference, the wanted values that neither the batch nor a table has, if any."""
    missing = {
        reference: _missing_of_parent(
            attempt,
            reference,
            wanted_values(settled_df, reference),
            checked.ranges(reference.column),
            classified.get(reference.dataset),
        )
        for reference in dataset.references
    }
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
        unmet_df = keep_small(drop_known(wanted_df, reference, accepted_df))
        if unmet_df is None:
            return None
        wanted_df, ranges = unmet_df, bounds(unmet_df, "_wanted")
    in_range = lies_in(F.col(reference.parent_column), ranges)
    parent_df = attempt.base(reference.dataset).where(in_range)
    return keep_small(drop_known(wanted_df, reference, parent_df))
