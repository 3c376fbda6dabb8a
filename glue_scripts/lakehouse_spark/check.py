"""Check a loaded batch: its rows as views, Soda's scan over them, the report as a record."""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pyspark.sql import SparkSession

from lakehouse_spark.batches import LEDGER, BatchRecords, Record
from lakehouse_spark.check_variables import check_variables
from lakehouse_spark.contract import Contract, Dataset
from lakehouse_spark.contract_checks import contract_checks
from lakehouse_spark.failing import FOLDER, keep_failing_rows
from lakehouse_spark.lease import Lease
from lakehouse_spark.quality import Scan, ScanError, quality_report, scan
from lakehouse_spark.quality_results import write_results
from lakehouse_spark.steps import Steps, log
from lakehouse_spark.storage import Storage
from lakehouse_spark.views import create_batch_views, create_table_views

REPORT = "quality.json"
ARCHIVED = "archived.json"
CHECKS = ".soda.yml"


class NotLoadedError(RuntimeError):
    """The batch is not loaded, so there is nothing to check."""


class Scope(StrEnum):
    """What is looked at: the partitions and keys that the batch touched, or whole tables."""

    BATCH = "batch"
    TABLES = "tables"


def check_batch(
    spark: SparkSession,
    contract: Contract,
    storage: Storage,
    batch_id: str,
    check_files: Sequence[Path],
    scope: Scope = Scope.BATCH,
    lease: Lease | None = None,
) -> Record:
    """Return the quality report of the batch, after writing it as ``quality.json``.

    An archived batch keeps the report it was published with; a scan of whole tables made then is
    in the table of checks alone.
    Raises NotLoadedError without a ledger, ScanError where Soda could not make the scan.
    """
    records, steps = BatchRecords(storage, batch_id), Steps()
    ledger, report = _read_ledger(records), records.read(REPORT)
    is_archived = records.read(ARCHIVED) is not None
    if report is not None and is_archived and scope == Scope.BATCH:
        log.info("the batch is published: its quality report stays as it is")
        return report
    with steps.step("check") as counts:
        made = _scan(spark, contract, storage.root, records, ledger, check_files, scope)
        counts.update(checks=len(made.results), failed=len(made.failed))
    report = _keep(spark, contract, storage.root, records, made, scope, lease)
    if not is_archived:
        records.put(REPORT, report)
    _say(report, made)
    return report


def _read_ledger(records: BatchRecords) -> Record:
    ledger = records.read(LEDGER)
    if ledger is None:
        raise NotLoadedError(f"batch {records.batch_id} is not loaded: clear load_delta")
    return ledger


def _scan(
    spark: SparkSession,
    contract: Contract,
    root: str,
    records: BatchRecords,
    ledger: Record,
    check_files: Sequence[Path],
    scope: Scope,
) -> Scan:
    """Run the checks of the contract and of the files over the views of the scope."""
    whole = scope == Scope.TABLES
    datasets = (
        create_table_views(spark, root, contract)
        if whole
        else create_batch_views(spark, root, contract, ledger)
    )
    if not datasets:
        return Scan([], {})
    variables = check_variables(spark, root, datasets, records.manifest(), ledger)
    files = _files_of(datasets, contract, check_files)
    return scan(spark, contract_checks(datasets), files, variables)


def _files_of(
    datasets: Sequence[Dataset], contract: Contract, check_files: Sequence[Path]
) -> list[Path]:
    """Return the checks files of the datasets; each is named for one, as ``orders.soda.yml``."""
    if not check_files:
        raise ScanError(f"there is no *{CHECKS} in {Path.cwd()}: see --extra-files of the job")
    known = {dataset.name for dataset in contract.datasets}
    by_dataset = {path.name.removesuffix(CHECKS): path for path in check_files}
    if unknown := sorted(set(by_dataset) - known):
        raise ScanError(f"{by_dataset[unknown[0]].name}: the contract has no such dataset")
    return [by_dataset[each.name] for each in datasets if each.name in by_dataset]


def _keep(
    spark: SparkSession,
    contract: Contract,
    root: str,
    records: BatchRecords,
    made: Scan,
    scope: Scope,
    lease: Lease | None,
) -> Record:
    """Keep failing rows and all results; return the report."""
    attempt = records.current_attempt()
    checked_at = datetime.now(UTC).isoformat(timespec="seconds")
    folder = f"{root}/batches/{records.batch_id}/{FOLDER}"
    failing_keys = keep_failing_rows(spark, contract, folder, made.results, attempt)
    head = {"batch_id": records.batch_id, "attempt": attempt, "scope": str(scope)}
    if made.results:
        if lease:
            lease.check()
        write_results(spark, root, {**head, "checked_at": checked_at}, made.results, failing_keys)
    return {**head, "checked_at": checked_at, **quality_report(made, failing_keys)}


def _say(report: Record, made: Scan) -> None:
    for result in made.failed:
        log.warning("check did not pass (%s): %s", result.severity, result.name)
    log.info("verdict %s, score %s", report["verdict"], report["score"])
