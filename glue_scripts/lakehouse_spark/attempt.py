"""One try at loading a batch: what must be there before the first row is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_spark.batches import BASE_VERSIONS, REPLACED, BatchRecords, Manifest, Record
from lakehouse_spark.contract import Contract
from lakehouse_spark.delta_log import Commit
from lakehouse_spark.guard import RECENT, usual_reads
from lakehouse_spark.history import commit_metadata, recent_commits
from lakehouse_spark.lease import Lease
from lakehouse_spark.planned import check_files, check_manifest
from lakehouse_spark.ranges import Range, lies_in
from lakehouse_spark.side_by_side import run_side_by_side
from lakehouse_spark.steps import Steps
from lakehouse_spark.storage import Storage
from lakehouse_spark.table_files import read_log, rows_where
from lakehouse_spark.tables import (
    REJECTED,
    REJECTED_SCHEMA,
    dataset_schema,
    ensure_table,
    read_version,
    table_path,
)


class AttemptError(RuntimeError):
    """An attempt can't go on from what it finds."""


@dataclass(frozen=True)
class Attempt:
    """One try at loading a batch: what is loaded, where, and on top of which table versions.

    usual_reads has the rows that recent batches read, by dataset. Only who holds the lease commits.
    """

    spark: SparkSession
    root: str
    contract: Contract
    manifest: Manifest
    number: int
    base_versions: Mapping[str, int]
    usual_reads: Mapping[str, list[int]]
    steps: Steps
    lease: Lease | None = None

    def base(self, table: str) -> DataFrame:
        """Return the table as it was before the attempt."""
        path = table_path(self.root, table)
        return read_version(self.spark, path, self.base_versions[table])

    def is_new(self, table: str) -> bool:
        """Return whether nothing was ever written to the table; its first version is empty."""
        return self.base_versions[table] == 0

    def rows_in(self, table: str, column: str, ranges: Sequence[Range]) -> DataFrame | None:
        """Return the table's rows whose value of a column lies in `ranges`, before the attempt.

        None where no file of the table can have such a row.
        """
        if self.is_new(table) or not ranges:
            return None
        path, version = table_path(self.root, table), self.base_versions[table]
        return rows_where(self.spark, path, version, lies_in(F.col(column), ranges))

    def read_log(self, table: str) -> None:
        """Have Delta read the table's log, which it keeps for the queries and commits to come."""
        read_log(self.spark, table_path(self.root, table), self.base_versions[table])

    def confirm_lease(self) -> None:
        """Raise LeaseLost where we no longer may commit; without a lease there is nobody else."""
        if self.lease:
            self.lease.check()

    def write_down(self, records: BatchRecords) -> None:
        """Write down the base versions, once, right before the first commit.

        Raises AttemptError where an earlier run of the attempt worked on top of others, and where
        another batch has taken the place of this one.
        """
        written = records.create(BASE_VERSIONS.format(self.number), dict(self.base_versions))
        if written != self.base_versions:
            raise AttemptError(
                f"batch {records.batch_id} was begun on top of versions {written} and the tables "
                f"were read at {dict(self.base_versions)}: run the job again"
            )
        # After ours is written: plan_batch writes the one and then looks for the other, so that
        # whoever comes second sees it.
        if (replaced := records.read(REPLACED)) is not None:
            raise AttemptError(
                f"batch {records.batch_id} gave way to {replaced['by'] or 'none'} while it was "
                "loaded: this run has committed nothing, clear plan_batch"
            )


def prepare_attempt(
    spark: SparkSession,
    contract: Contract,
    storage: Storage,
    records: BatchRecords,
    steps: Steps,
    lease: Lease | None = None,
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
        commits = {table: recent_commits(spark, path, RECENT) for table, path in tables.items()}
        versions = _base_versions(records, number, commits)
    reads = {
        table: usual_reads(table, [each for each in commits[table] if each.version <= version])
        for table, version in versions.items()
    }
    return Attempt(spark, storage.root, contract, manifest, number, versions, reads, steps, lease)


def _ensure_tables(spark: SparkSession, contract: Contract, root: str) -> dict[str, str]:
    """Create the tables that are not there; return the paths of all, in load order."""
    wanted = {
        each.name: (dataset_schema(each), each.partition_column) for each in contract.datasets
    }
    wanted[REJECTED] = (REJECTED_SCHEMA, "dataset")
    paths = {table: table_path(root, table) for table in wanted}
    run_side_by_side({
        table: partial(ensure_table, spark, paths[table], schema, partition_col)
        for table, (schema, partition_col) in wanted.items()
    })
    return paths


def _base_versions(
    records: BatchRecords, number: int, commits: Mapping[str, list[Commit]]
) -> Record:
    """Return what an earlier run of the attempt wrote down, else the versions of now."""
    written = records.read(BASE_VERSIONS.format(number))
    if written is not None:
        return written
    return {table: latest.version for table, (latest, *_) in commits.items()}
