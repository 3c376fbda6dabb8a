"""The table of rejects: one row for each refused record and each refused file, with its life."""

from collections.abc import Mapping, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from lakehouse_spark.batches import Manifest, PlannedFile
from lakehouse_spark.inline import inline_rows
from lakehouse_spark.parked import PARKED, is_retried
from lakehouse_spark.reading import Layout, layouts
from lakehouse_spark.reasons import FILE_CATEGORY
from lakehouse_spark.tables import REJECTED_COLUMNS

# What a record and a file have in common: a row of the table, but for its id and the batch.
REFUSED_SCHEMA = (
    "dataset string, category string, reasons array<string>, raw_record map<string,string>, "
    "source_file string, source_version string, delivered_at timestamp, winner_file string, "
    "status string, first_seen_at timestamp, _etag string"
)


def reject_rows(
    spark: SparkSession, classified: Mapping[str, DataFrame], manifest: Manifest
) -> DataFrame:
    """Return what the batch's files have for the table of rejects, in its columns.

    classified has the rows of each dataset that has accepted files or parked rows.
    """
    refused = [
        refused_records(df, dataset, manifest.accepted(dataset))
        for dataset, df in classified.items()
        if manifest.accepted(dataset)
    ]
    refused.append(refused_files(spark, [file for file in manifest.files if not file.accepted]))
    return reduce(DataFrame.unionByName, refused).transform(with_identity, manifest)


def refused_records(
    classified_df: DataFrame, dataset: str, files: Sequence[PlannedFile]
) -> DataFrame:
    """Return one row for each refused record of a dataset, in the columns of REFUSED_SCHEMA."""
    is_refused = F.col("_outcome").isin("rejected", PARKED)
    refused_df = classified_df.where(is_refused & ~is_retried())
    versions_df = F.broadcast(_file_versions(classified_df.sparkSession, files))
    return refused_df.join(versions_df, on="_source_file", how="left").select(
        F.lit(dataset).alias("dataset"),
        F.col("_category").alias("category"),
        F.col("_reasons").alias("reasons"),
        raw_record(layouts(files)).alias("raw_record"),
        F.col("_source_file").alias("source_file"),
        F.col("_source_version").alias("source_version"),
        F.col("_delivered_at").alias("delivered_at"),
        F.col("_winner_file").alias("winner_file"),
        F.col("_outcome").alias("status"),
        F.col("_first_seen_at").alias("first_seen_at"),
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
    return inline_rows(spark, [_describe(file) for file in files], REFUSED_SCHEMA)


def with_identity(refused_df: DataFrame, manifest: Manifest) -> DataFrame:
    """Add the id, which is the same whenever the same file comes again, and the batch."""
    record = F.coalesce(F.to_json("raw_record"), F.lit(""))
    same = Window.partitionBy("source_file", "_record_text").orderBy("_record_text")
    parts = map(F.col, ["source_file", "_etag", "_record_text", "_occurrence"])
    planned_at = _planned_at(manifest)
    return (
        refused_df
        .withColumn("_record_text", record)
        .withColumn("_occurrence", F.row_number().over(same).cast("string"))
        .withColumn("reject_id", F.sha2(F.concat_ws("\n", *parts), 256))
        .withColumns({
            "batch_id": F.lit(manifest.batch_id),
            "contract_version": F.lit(manifest.contract_version),
            "first_seen_at": F.coalesce("first_seen_at", planned_at),
            "last_seen_at": planned_at,
            "attempts": F.lit(1),
        })
        .select(*REJECTED_COLUMNS)
    )


def retried_rows(waiting: Sequence[DataFrame], manifest: Manifest) -> DataFrame:
    """Return the rows that were parked before, as the batch leaves them in the table of rejects.

    What is still an orphan stays parked, or is rejected after its time; what lost to another row is
    rejected; all else is resolved, and keeps the reasons that it waited for. waiting has the
    classified rows of the datasets that had parked rows.
    """
    return reduce(DataFrame.unionByName, (_retried(df, manifest) for df in waiting))


def _retried(classified_df: DataFrame, manifest: Manifest) -> DataFrame:
    is_refused = F.col("_outcome").isin("rejected", PARKED)
    now = {
        "category": F.when(is_refused, F.col("_category")).otherwise(F.col("_parked.category")),
        "reasons": F.when(is_refused, F.col("_reasons")).otherwise(F.col("_parked.reasons")),
        "winner_file": F.col("_winner_file"),
        "status": F.when(is_refused, F.col("_outcome")).otherwise(F.lit("resolved")),
        "last_seen_at": _planned_at(manifest),
        "attempts": F.col("_parked.attempts") + F.lit(1),
    }
    columns = [now.get(name, F.col(f"_parked.{name}")).alias(name) for name in REJECTED_COLUMNS]
    return classified_df.where(is_retried()).select(*columns)


def changed_rejects(fresh_df: DataFrame, base_df: DataFrame) -> DataFrame:
    """Return the rejects that the table, as it is in base_df, lacks or has in another state.

    A record that comes again keeps the time it was first seen, and stays waived if a person waived
    it.
    """
    known = [F.col(name).alias(f"_{name}") for name in ("status", "first_seen_at", "attempts")]
    known_df = base_df.select("reject_id", *known)
    is_new = F.col("_status").isNull()
    is_other = (F.col("_status") != F.col("status")) & (F.col("_status") != F.lit("waived"))
    return (
        fresh_df
        .join(known_df, on="reject_id", how="left")
        .where(is_new | is_other)
        .withColumn("first_seen_at", F.coalesce("_first_seen_at", "first_seen_at"))
        .withColumn("attempts", F.coalesce(F.col("_attempts") + F.lit(1), F.col("attempts")))
        .select(*REJECTED_COLUMNS, is_new.eqNullSafe(F.lit(False)).alias("_is_known"))
    )


def _planned_at(manifest: Manifest) -> Column:
    return F.lit(manifest.planned_at)


def _file_versions(spark: SparkSession, files: Sequence[PlannedFile]) -> DataFrame:
    versions = [
        {"_source_file": file.key, "_source_version": file.version_id, "_etag": file.etag}
        for file in files
    ]
    return inline_rows(spark, versions, "_source_file string, _source_version string, _etag string")


def _describe(file: PlannedFile) -> dict[str, object]:
    return {
        "dataset": file.dataset,
        "category": FILE_CATEGORY,
        "reasons": file.reasons,
        "source_file": file.key,
        "source_version": file.version_id,
        "delivered_at": file.delivered_at.isoformat(),
        "status": "rejected",
        "_etag": file.etag,
    }
