"""The table of rejects: one row for each refused record and each refused file, added once."""

import json
from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lakehouse_spark.batches import Manifest, PlannedFile
from lakehouse_spark.reading import Layout, layouts
from lakehouse_spark.reasons import FILE_CATEGORY
from lakehouse_spark.tables import REJECTED_SCHEMA

# What a record and a file have in common: a row of the table, but for its id and the batch.
REFUSED_SCHEMA = (
    "dataset string, category string, reasons array<string>, raw_record map<string,string>, "
    "source_file string, source_version string, _etag string"
)


def reject_rows(
    spark: SparkSession, classified: Mapping[str, DataFrame], manifest: Manifest
) -> DataFrame:
    """Return the batch's rows for the table of rejects, in its columns.

    classified has the rows of each dataset that has accepted files.
    """
    refused = [
        refused_records(df, dataset, layouts(manifest.accepted(dataset)))
        for dataset, df in classified.items()
    ]
    refused.append(refused_files(spark, [file for file in manifest.files if not file.accepted]))
    return reduce(DataFrame.unionByName, refused).transform(with_identity, manifest)


def refused_records(classified_df: DataFrame, dataset: str, headers: Sequence[Layout]) -> DataFrame:
    """Return one row for each rejected record of a dataset, in the columns of REFUSED_SCHEMA."""
    is_rejected = F.col("_outcome") == F.lit("rejected")
    return classified_df.where(is_rejected).select(
        F.lit(dataset).alias("dataset"),
        F.col("_category").alias("category"),
        F.col("_reasons").alias("reasons"),
        raw_record(headers).alias("raw_record"),
        F.col("_source_file").alias("source_file"),
        F.col("_source_version").alias("source_version"),
        "_etag",
    )


def raw_record(headers: Sequence[Layout]) -> Column:
    """Return the record as a map from header to text, and its whole text if it does not fit."""
    header = F.array(*(F.array(*map(F.lit, each)) for each in headers))[F.col("_layout")]
    by_header = F.map_from_arrays(header, F.col("_fields"))
    whole = F.create_map(F.lit("_record"), F.col("_record"))
    return F.when(F.col("_record").isNull(), by_header).otherwise(F.map_concat(by_header, whole))


def refused_files(spark: SparkSession, files: Sequence[PlannedFile]) -> DataFrame:
    """Return one row for each file that was rejected whole, in the columns of REFUSED_SCHEMA."""
    described = json.dumps([_describe(file) for file in files])
    schema = f"array<struct<{REFUSED_SCHEMA}>>"
    return spark.range(1).select(F.inline(F.from_json(F.lit(described), schema)))


def with_identity(refused_df: DataFrame, manifest: Manifest) -> DataFrame:
    """Add the id, which is the same whenever the same file comes again, and the batch."""
    record = F.coalesce(F.to_json("raw_record"), F.lit(""))
    same = Window.partitionBy("source_file", "_record_text").orderBy("_record_text")
    parts = map(F.col, ["source_file", "_etag", "_record_text", "_occurrence"])
    return (
        refused_df
        .withColumn("_record_text", record)
        .withColumn("_occurrence", F.row_number().over(same).cast("string"))
        .withColumn("reject_id", F.sha2(F.concat_ws("\n", *parts), 256))
        .withColumns(_batch_columns(manifest))
        .select(*_table_columns(refused_df.sparkSession))
    )


def unknown_rejects(rejects_df: DataFrame, base_df: DataFrame) -> DataFrame:
    """Return the rejects that the table, as it is in base_df, does not have."""
    return rejects_df.join(base_df.select("reject_id"), on="reject_id", how="left_anti").select(
        *rejects_df.columns
    )


def _describe(file: PlannedFile) -> dict[str, object]:
    return {
        "dataset": file.dataset,
        "category": FILE_CATEGORY,
        "reasons": file.reasons,
        "source_file": file.key,
        "source_version": file.version_id,
        "_etag": file.etag,
    }


def _batch_columns(manifest: Manifest) -> dict[str, Column]:
    return {
        "batch_id": F.lit(manifest.batch_id),
        "contract_version": F.lit(manifest.contract_version),
        "status": F.lit("rejected"),
        "rejected_at": F.lit(manifest.planned_at.isoformat()).cast("timestamp"),
    }


def _table_columns(spark: SparkSession) -> list[str]:
    return spark.createDataFrame([], REJECTED_SCHEMA).columns
