"""Check a loaded batch: the tables as views, Soda's scan over them, the report as a record."""

import logging
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from pyspark.sql import SparkSession

from lakehouse_spark.batches import LEDGER, BatchRecords
from lakehouse_spark.contract import Contract
from lakehouse_spark.quality import ScanError, quality_report, scan

log = logging.getLogger(__name__)

REPORT = "quality.json"
WRITTEN = ("inserted", "updated")


class NotLoadedError(RuntimeError):
    """The batch is not loaded, so there is nothing to check."""


def check_batch(
    spark: SparkSession,
    root: str,
    records: BatchRecords,
    contract: Contract,
    check_files: Sequence[Path],
) -> dict[str, Any]:
    """Return the quality report of the batch, after writing it as ``quality.json``.

    An archived batch keeps the report it was published with: later batches have changed the
    tables since.

    Raises:
        NotLoadedError: there is no ledger.
        ScanError: there are no checks, or Soda could not make the scan.
    """
    ledger = _read_ledger(records)
    report = records.read(REPORT)
    if report is not None and records.read("archived.json") is not None:
        log.info("the batch is published: its report stays as it is")
        return report
    if not check_files:
        raise ScanError(f"there is no *.soda.yml in {Path.cwd()}: see --extra-files of the job")
    started = monotonic()
    for dataset in contract.datasets:
        _register_view(spark, root, dataset.name)
    results = scan(spark, check_files, _variables(records.batch_id, ledger))
    report = quality_report(records.batch_id, records.current_attempt(), results)
    records.put(REPORT, report)
    _log_report(report, monotonic() - started)
    return report


def _read_ledger(records: BatchRecords) -> dict[str, Any]:
    ledger = records.read(LEDGER)
    if ledger is None:
        raise NotLoadedError(f"batch {records.batch_id} is not loaded: clear load_delta")
    return ledger


def _register_view(spark: SparkSession, root: str, dataset: str) -> None:
    table_df = spark.read.format("delta").load(f"{root}/processed/{dataset}")
    table_df.createOrReplaceTempView(dataset)


def _variables(batch_id: str, ledger: dict[str, Any]) -> dict[str, str]:
    """Return what a checks file can refer to: the batch, and the rows it wrote to each table."""
    written = {
        f"{dataset}_written": str(sum(counts["outcomes"][outcome] for outcome in WRITTEN))
        for dataset, counts in ledger["datasets"].items()
    }
    return {"batch_id": batch_id, **written}


def _log_report(report: dict[str, Any], seconds: float) -> None:
    failed = [check["name"] for check in report["checks"] if check["outcome"] != "pass"]
    log.info(
        "quality: verdict=%s score=%s checks=%d failed=%d seconds=%.1f",
        report["verdict"],
        report["score"],
        len(report["checks"]),
        len(failed),
        seconds,
    )
    for name in failed:
        log.warning("check did not pass: %s", name)
