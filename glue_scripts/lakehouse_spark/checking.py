"""The rows of a dataset, read, checked and kept, and what they are to each other and the table."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

from pyspark.sql import DataFrame, Row
from pyspark.sql import functions as F

from lakehouse_spark.attempt import Attempt
from lakehouse_spark.classification import known_rows
from lakehouse_spark.contract import Dataset
from lakehouse_spark.duplicates import is_sound, repeated_keys
from lakehouse_spark.keeping import keep_rows, keep_small
from lakehouse_spark.merge import Replaced
from lakehouse_spark.parked import first_seen, is_retried, parked_rows
from lakehouse_spark.ranges import Range, join_ranges
from lakehouse_spark.reading import read_rows
from lakehouse_spark.reasons import category, check_rows
from lakehouse_spark.side_by_side import run_side_by_side

NOTHING = Replaced([], [])


@dataclass(frozen=True)
class Checked:
    """A dataset's rows, kept, and what is to be said of them without looking at other datasets.

    `by_file` are counts and ranges of values, by category of their reasons too; `repeated_df` and
    `known_df` are the few rows, if any, of which repeated_keys and known_rows tell; `replaced` is
    where the table has those that a row of the batch may replace.
    """

    rows_df: DataFrame
    by_file: list[Row]
    repeated_df: DataFrame | None
    known_df: DataFrame | None = None
    replaced: Replaced = NOTHING

    @property
    def stands_alone(self) -> bool:
        """Return whether neither another row nor the table's has a say in any row's outcome."""
        return self.repeated_df is None and self.known_df is None

    def outcomes(self) -> list[dict[str, Any]]:
        """Return the counts by outcome, as Tally.add_outcomes takes them, of rows that stand alone.

        Without another pass over the rows: nothing is joined to them, so that none can get lost.
        """
        return [
            {**row.asDict(), "_outcome": "rejected" if row["_category"] else "inserted"}
            for row in self.by_file
        ]

    def ranges(self, column: str) -> list[Range]:
        """Return the ranges in which the sound rows' values of a key or reference lie.

        By file, because files of different days have different keys, where keys follow time.
        """
        return join_ranges((row[f"low_{column}"], row[f"high_{column}"]) for row in self.by_file)


def check_datasets(attempt: Attempt, parked: Mapping[str, int]) -> dict[str, Checked]:
    """Return the checked rows of each dataset that has accepted files or rows in `parked`.

    All at once: for a batch of a day most of the time is Spark's planning, on one core for each.
    """
    datasets = [
        dataset
        for dataset in attempt.contract.datasets
        if attempt.manifest.accepted(dataset.name) or parked.get(dataset.name)
    ]
    parents = {reference.dataset for dataset in datasets for reference in dataset.references}
    tables = parents | {dataset.name for dataset in datasets}
    calls: dict[str, Callable[[], Checked | None]] = {
        f"log of {table}": partial(attempt.read_log, table) for table in tables
    }
    calls |= {each.name: partial(_check_step, attempt, each, parked) for each in datasets}
    return {name: checked for name, checked in run_side_by_side(calls).items() if checked}


def _check_step(attempt: Attempt, dataset: Dataset, parked: Mapping[str, int]) -> Checked:
    with attempt.steps.step(f"check_{dataset.name}") as counts:
        checked = check_dataset(attempt, dataset, bool(parked.get(dataset.name)))
        counts["rows"] = sum(row["count"] for row in checked.by_file)
        return checked


def check_dataset(attempt: Attempt, dataset: Dataset, with_parked: bool) -> Checked:
    """Read, check and keep the dataset's rows, and compare them with its table."""
    rows_df = keep_rows(_checked_rows(attempt, dataset, with_parked))
    by_file = _count_by_file(rows_df, dataset)
    repeated_df = keep_small(repeated_keys(rows_df, dataset))
    checked = Checked(rows_df, by_file, repeated_df)
    key = dataset.key[0]
    table_df = attempt.rows_in(dataset.name, key, checked.ranges(key))
    if table_df is None:
        return checked
    known_df = known_rows(rows_df, table_df, dataset).persist()
    groups = _count_known(known_df)
    if not groups:
        return checked
    return replace(checked, known_df=known_df, replaced=_replaced(groups))


def _count_known(known_df: DataFrame) -> list[Row]:
    """Return ``low`` and ``high`` of the keys, by outcome and partition."""
    key = F.col("_known_key")
    bounds = F.min(key).alias("low"), F.max(key).alias("high")
    return known_df.groupBy("_known_outcome", "_table_partition").agg(*bounds).collect()


def _replaced(groups: Sequence[Row]) -> Replaced:
    updated = [group for group in groups if group["_known_outcome"] == "updated"]
    ranges = join_ranges((group["low"], group["high"]) for group in updated)
    return Replaced([group["_table_partition"] for group in updated], ranges)


def _checked_rows(attempt: Attempt, dataset: Dataset, with_parked: bool) -> DataFrame:
    """Return the rows of the dataset's files, and those that were parked, each with a number."""
    files = attempt.manifest.accepted(dataset.name)
    sources = [read_rows(attempt.spark, attempt.root, dataset, files)] if files else []
    if with_parked:
        sources.append(parked_rows(attempt, dataset))
    text_df = reduce(DataFrame.unionByName, sources)
    return check_rows(text_df, dataset).withColumn("_row", F.monotonically_increasing_id())


def _count_by_file(rows_df: DataFrame, dataset: Dataset) -> list[Row]:
    """Return ``count`` and ``first_seen``, and the bounds of sound rows' values.

    Columns: ``low_<column>`` and ``high_<column>`` of the first key and of each reference.
    """
    aggregates = [F.count("*").alias("count"), first_seen()]
    for name in {dataset.key[0], *(reference.column for reference in dataset.references)}:
        value = F.when(is_sound(), F.col(name))
        aggregates += [F.min(value).alias(f"low_{name}"), F.max(value).alias(f"high_{name}")]
    of_reasons = category(F.col("_reasons")).alias("_category")
    by_file = rows_df.groupBy("_source_file", is_retried().alias("_retried"), of_reasons)
    return by_file.agg(*aggregates).collect()
