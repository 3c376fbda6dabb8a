"""The naive job: short, and right about clean files; what many first versions look like."""

import logging
from functools import reduce

from delta.tables import DeltaTable
from lakehouse_spark.contract import Contract, Dataset, Reference
from lakehouse_spark.tables import REJECTED, table_path
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from benchmarks.typed_csv import delivered_datasets, read_typed, with_provenance

log = logging.getLogger(__name__)

Frames = dict[str, DataFrame]


def load_all(spark: SparkSession, contract: Contract, root: str) -> None:
    """Load every delivered dataset, parents first."""
    tables, batch = existing_tables(spark, contract, root), Frames()
    for dataset in delivered_datasets(spark, root, contract):
        rows_df = read_typed(spark, root, dataset)
        accepted_df = accept_rows(rows_df, dataset, tables, batch)
        rejects_df = rows_df.subtract(accepted_df)
        log_counts(dataset, read=rows_df, accepted=accepted_df, rejected=rejects_df)
        if dataset.name in tables:
            merge_rows(accepted_df, root, dataset)
        else:
            create_table(accepted_df, root, dataset)
        keep_rejects(rejects_df, root, dataset)
        batch[dataset.name] = accepted_df


def existing_tables(spark: SparkSession, contract: Contract, root: str) -> Frames:
    """Return the tables that are there, by dataset."""
    paths = {dataset.name: table_path(root, dataset.name) for dataset in contract.datasets}
    return {
        name: spark.read.format("delta").load(path)
        for name, path in paths.items()
        if DeltaTable.isDeltaTable(spark, path)
    }


def accept_rows(rows_df: DataFrame, dataset: Dataset, tables: Frames, batch: Frames) -> DataFrame:
    """Return the rows that are whole, one for each key, whose parents are there."""
    required = [column.name for column in dataset.columns if column.required]
    accepted_df = rows_df.dropna(subset=required).dropDuplicates(list(dataset.key))
    for reference in dataset.references:
        parents_df = parent_keys(reference, tables, batch)
        accepted_df = accepted_df.join(parents_df, on=reference.column, how="inner")
    return accepted_df.select(dataset.column_names)


def parent_keys(reference: Reference, tables: Frames, batch: Frames) -> DataFrame:
    """Return the values that a column may have: those of the batch and of the table."""
    found = [frames[reference.dataset] for frames in (batch, tables) if reference.dataset in frames]
    keys = [df.select(F.col(reference.parent_column).alias(reference.column)) for df in found]
    return reduce(DataFrame.union, keys).distinct()


def log_counts(dataset: Dataset, **frames: DataFrame) -> None:
    """Log how many rows were read, accepted and rejected, as our ledger tells of each dataset."""
    counts = {name: df.count() for name, df in frames.items()}
    log.info("%s: %s", dataset.name, counts)


def merge_rows(accepted_df: DataFrame, root: str, dataset: Dataset) -> None:
    """Merge by key alone."""
    path = table_path(root, dataset.name)
    same_key = " AND ".join(f"source.{name} = target.{name}" for name in dataset.key)
    target = DeltaTable.forPath(accepted_df.sparkSession, path).alias("target")
    merge = target.merge(with_provenance(accepted_df).alias("source"), same_key)
    merge.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()


def create_table(accepted_df: DataFrame, root: str, dataset: Dataset) -> None:
    """Write the first rows of a table."""
    writer = with_provenance(accepted_df).write.format("delta")
    if dataset.partition_column:
        writer = writer.partitionBy(dataset.partition_column)
    writer.save(table_path(root, dataset.name))


def keep_rejects(rejects_df: DataFrame, root: str, dataset: Dataset) -> None:
    """Append what was not accepted, as one text each, to a table of its own."""
    record = F.to_json(F.struct("*")).alias("record")
    kept_df = rejects_df.select(F.lit(dataset.name).alias("dataset"), record)
    kept_df.write.format("delta").mode("append").save(f"{root}/{REJECTED}_naive")
