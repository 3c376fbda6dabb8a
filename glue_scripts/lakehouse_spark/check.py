"""Check a loaded batch: the tables as views, Soda's scan over them, the report as a record."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from lakehouse_spark.batches import LEDGER, BatchRecords, Record
from lakehouse_spark.classification import WRITTEN
from lakehouse_spark.contract import Contract
from lakehouse_spark.quality import CheckResult, ScanError, quality_report, scan
from lakehouse_spark.steps import Steps
from lakehouse_spark.storage import Storage
from lakehouse_spark.tables import table_path

REPORT = "quality.json"
ARCHIVED = "archived.json"


class NotLoadedError(RuntimeError):
    """The batch is not loaded, so there is nothing to check."""


def check_batch(
    spark: SparkSession,
    contract: Contract,
    storage: Storage,
    batch_id: str,
    check_files: Sequence[Path],
) -> Record:
    """Return the quality report of the batch, after writing it as ``quality.json``.

    An archived batch keeps the report it was published with, since later batches have changed the
    tables. Raises NotLoadedError without a ledger, ScanError where Soda could not make the scan.
    """
    records, steps = BatchRecords(storage, batch_id), Steps(batch_id)
    ledger, report = _read_ledger(records), records.read(REPORT)
    if report is not None and records.read(ARCHIVED) is not None:
        steps.say("is published: its quality report stays as it is")
        return report
    with steps.step("check") as counts:
        results = _scan(spark, contract, storage.root, check_files, _variables(batch_id, ledger))
        counts.update(checks=len(results), failed=sum(each.outcome != "pass" for each in results))
    report = quality_report(batch_id, records.current_attempt(), results)
    records.put(REPORT, report)
    _say(steps, report, results)
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
    check_files: Sequence[Path],
    variables: dict[str, str],
) -> list[CheckResult]:
    """Run the checks over the tables, each as a view of its dataset's name."""
    if not check_files:
        raise ScanError(f"there is no *.soda.yml in {Path.cwd()}: see --extra-files of the job")
    for dataset in contract.datasets:
        table_df = spark.read.format("delta").load(table_path(root, dataset.name))
        table_df.createOrReplaceTempView(dataset.name)
    return scan(spark, check_files, variables)


def _variables(batch_id: str, ledger: Record) -> dict[str, str]:
    """Return what a checks file can refer to: the batch, and the rows it wrote to each table."""
    written = {
        f"{dataset}_written": str(sum(counts["outcomes"][outcome] for outcome in WRITTEN))
        for dataset, counts in ledger["datasets"].items()
    }
    return {"batch_id": batch_id, **written}


def _say(steps: Steps, report: dict[str, Any], results: Sequence[CheckResult]) -> None:
    for result in results:
        if result.outcome != "pass":
            steps.say("check did not pass (%s): %s", result.severity, result.name)
    steps.say("verdict %s, score %s", report["verdict"], report["score"])
