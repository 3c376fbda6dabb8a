"""Soda's checks over the Delta tables, and the report of a batch's quality."""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

DATA_SOURCE = "delta"
SEVERITIES = ("fail", "warn")


class ScanError(Exception):
    """The scan could not be made: a broken checks file, a check without a result."""


@dataclass(frozen=True)
class CheckResult:
    """What one check said; `outcome` is ``pass`` or ``fail``, `value` what Soda measured."""

    name: str
    dataset: str
    severity: str
    outcome: str
    weight: float
    value: float | None
    definition: str


def scan(
    spark: SparkSession, check_files: Iterable[Path], variables: Mapping[str, str]
) -> list[CheckResult]:
    """Run the SodaCL files over the session's views and return one result a check.

    Raises:
        ScanError: with Soda's own messages, when a file or a check can't be evaluated.
    """
    _send_nothing()
    from soda.scan import Scan  # after the opt-out: importing it starts the telemetry

    soda_scan = Scan()
    soda_scan.sampler = _no_samples()
    soda_scan.set_data_source_name(DATA_SOURCE)
    soda_scan.add_spark_session(spark, data_source_name=DATA_SOURCE)
    soda_scan.add_variables(dict(variables))
    for path in check_files:
        soda_scan.add_sodacl_yaml_file(str(path))
    _stop_on_errors(soda_scan)
    soda_scan.execute()
    _stop_on_errors(soda_scan)
    return [_check_result(check) for check in soda_scan.get_scan_results()["checks"]]


def quality_report(batch_id: str, attempt: int, results: list[CheckResult]) -> dict[str, Any]:
    """Return the quality report of docs/records.md: verdict, scores (0 to 100) and every check."""
    by_dataset: dict[str, list[CheckResult]] = defaultdict(list)
    for result in results:
        by_dataset[result.dataset].append(result)
    failed = any(r.outcome != "pass" and r.severity == "fail" for r in results)
    return {
        "batch_id": batch_id,
        "attempt": attempt,
        "verdict": "fail" if failed else "pass",
        "score": score(results),
        "datasets": {dataset: score(checks) for dataset, checks in sorted(by_dataset.items())},
        "checks": [asdict(result) for result in results],
    }


def score(results: list[CheckResult]) -> float:
    """Return the weighted share of passed checks, 0 to 100; 100 where there is nothing to check."""
    total = sum(result.weight for result in results)
    passed = sum(result.weight for result in results if result.outcome == "pass")
    return round(100 * passed / total, 2) if total else 100.0


def _check_result(check: Mapping[str, Any]) -> CheckResult:
    attributes = {item["name"]: item["value"] for item in check["resourceAttributes"]}
    severity = attributes.get("severity", "fail")
    if severity not in SEVERITIES:
        raise ScanError(f"check {check['name']!r}: severity is {severity!r}, not fail or warn")
    if check["outcome"] is None:
        raise ScanError(f"check {check['name']!r} was not evaluated")
    return CheckResult(
        name=check["name"],
        dataset=check["table"],
        severity=severity,
        outcome="pass" if check["outcome"] == "pass" else "fail",
        weight=float(attributes.get("weight", 1)),
        value=check["diagnostics"].get("value"),
        definition=check["definition"].strip(),
    )


def _stop_on_errors(soda_scan: Any) -> None:
    if soda_scan.has_error_logs():
        messages = "\n".join(str(log) for log in soda_scan.get_error_logs())
        raise ScanError(f"Soda could not make the scan:\n{messages}")


def _send_nothing() -> None:
    """Opt out of usage statistics with a configuration of our own, not one in the home folder."""
    from soda.common.config_helper import ConfigHelper

    path = Path(tempfile.mkdtemp(prefix="soda-")) / "config.yml"
    path.write_text("send_anonymous_usage_stats: false\nuser_cookie_id: none\n")
    ConfigHelper.get_instance(str(path))


def _no_samples() -> Any:
    """Return a sampler that keeps no row values: Soda's own prints them."""
    from soda.sampler.sampler import Sampler

    class NoSamples(Sampler):  # type: ignore[misc]
        def store_sample(self, sample_context: Any) -> None:
            return None

    return NoSamples()
