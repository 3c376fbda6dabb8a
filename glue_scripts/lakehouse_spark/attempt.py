"""One try at loading a batch: what must be there before the first row is read."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from lakehouse_spark.batches import BASE_VERSIONS, BatchRecords, Manifest, Record
from lakehouse_spark.contract import Contract
from lakehouse_spark.history import commit_metadata, current_version
from lakehouse_spark.planned import check_files, check_manifest
from lakehouse_spark.steps import Steps
from lakehouse_spark.storage import Storage
from lakehouse_spark.tables import (
    REJECTED,
    REJECTED_SCHEMA,
    dataset_schema,
    ensure_table,
    read_version,
    table_path,
)


@dataclass(frozen=True)
class Attempt:
    """One try at loading a batch: what is loaded, where, and on top of which table versions."""

    spark: SparkSession
    root: str
    contract: Contract
    manifest: Manifest
    number: int
    base_versions: Mapping[str, int]
    steps: Steps

    def base(self, table: str) -> DataFrame:
        """Return the table as it was before the attempt."""
        path = table_path(self.root, table)
        return read_version(self.spark, path, self.base_versions[table])


def prepare_attempt(
    spark: SparkSession, contract: Contract, storage: Storage, records: BatchRecords, steps: Steps
) -> Attempt:
    """See that files, contract and tables fit the manifest, and write down the base versions."""
    manifest, number = records.manifest(), records.current_attempt()
    with steps.step("check_files") as counts:
        check_manifest(manifest, contract)
        check_files(storage, manifest.accepted())
        counts["files"] = len(manifest.files)
    with steps.step("prepare_tables"):
        metadata = {"batch_id": records.batch_id, "attempt": number, "step": "prepare"}
        with commit_metadata(spark, metadata):
            tables = _ensure_tables(spark, contract, storage.root)
        versions = _base_versions(spark, records, number, tables)
    return Attempt(spark, storage.root, contract, manifest, number, versions, steps)


def _ensure_tables(spark: SparkSession, contract: Contract, root: str) -> dict[str, str]:
    """Create the tables that are not there; return the paths of all, in load order."""
    paths = {}
    for dataset in contract.datasets:
        paths[dataset.name] = table_path(root, dataset.name)
        schema = dataset_schema(dataset)
        ensure_table(spark, paths[dataset.name], schema, dataset.partition_column)
    paths[REJECTED] = table_path(root, REJECTED)
    ensure_table(spark, paths[REJECTED], REJECTED_SCHEMA, "dataset")
    return paths


def _base_versions(
    spark: SparkSession, records: BatchRecords, number: int, tables: Mapping[str, str]
) -> Record:
    """Return the attempt's base versions, which its first run writes down before it commits."""
    name = BASE_VERSIONS.format(number)
    written = records.read(name)
    if written is not None:
        return written
    versions = {table: current_version(spark, path) for table, path in tables.items()}
    return records.create(name, versions)
