"""The rows of one dataset, from its files to one outcome each."""

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.attempt import Attempt
from lakehouse_spark.classification import ACCEPTED, classify_rows
from lakehouse_spark.contract import Dataset, Reference
from lakehouse_spark.duplicates import repeated_keys, settle_duplicates
from lakehouse_spark.ledger import Tally
from lakehouse_spark.reading import read_rows
from lakehouse_spark.reasons import check_rows
from lakehouse_spark.references import drop_known, reject_orphans, wanted_values


def classify_dataset(
    attempt: Attempt, dataset: Dataset, classified: Mapping[str, DataFrame], tally: Tally
) -> DataFrame:
    """Return the dataset's rows with their outcomes, kept, and count them into `tally`.

    classified has the rows of the datasets before this one; the dataset has accepted files.
    """
    checked_df = _keep_rows(_checked_rows(attempt, dataset))
    tally.add_read(checked_df.groupBy("_source_file").count().collect())
    repeated_df = _keep_small(repeated_keys(checked_df, dataset))
    settled_df = settle_duplicates(checked_df, repeated_df, dataset)
    missing = _missing_values(attempt, settled_df, dataset, classified)
    referred_df = reject_orphans(settled_df, missing) if missing else settled_df
    classified_df = _keep_rows(classify_rows(referred_df, attempt.base(dataset.name), dataset))
    by_outcome = classified_df.groupBy("_source_file", "_outcome", "_category")
    tally.add_outcomes(by_outcome.count().collect())
    return classified_df


def _checked_rows(attempt: Attempt, dataset: Dataset) -> DataFrame:
    files = attempt.manifest.accepted(dataset.name)
    text_df = read_rows(attempt.spark, attempt.root, dataset, files)
    return check_rows(text_df, dataset)


def _missing_values(
    attempt: Attempt, settled_df: DataFrame, dataset: Dataset, classified: Mapping[str, DataFrame]
) -> dict[Reference, DataFrame]:
    """Return, by reference, the wanted values that neither the batch nor a table has, if any."""
    missing = {}
    for reference in dataset.references:
        unmet_df = _unmet_by_batch(settled_df, reference, classified.get(reference.dataset))
        if unmet_df:
            parent_df = attempt.base(reference.dataset)
            missing[reference] = _keep_small(drop_known(unmet_df, reference, parent_df))
    return {reference: df for reference, df in missing.items() if df}


def _unmet_by_batch(
    settled_df: DataFrame, reference: Reference, brought_df: DataFrame | None
) -> DataFrame | None:
    wanted_df = wanted_values(settled_df, reference)
    if brought_df:
        accepted_df = brought_df.where(F.col("_outcome").isin(ACCEPTED))
        wanted_df = drop_known(wanted_df, reference, accepted_df)
    return _keep_small(wanted_df)


def _keep_rows(df: DataFrame) -> DataFrame:
    """Keep the rows of a dataset once they are first computed.

    What follows sees rows and not how they were made; with persist, plans would grow with each use.
    """
    return df.localCheckpoint(eager=False)


def _keep_small(df: DataFrame) -> DataFrame | None:
    """Keep a small frame, whose size Spark then knows, so that it joins it without a shuffle.

    None stands for an empty one, so that the plan has nothing in it for what does not occur.
    """
    kept_df = df.persist()
    return kept_df if kept_df.count() else None
