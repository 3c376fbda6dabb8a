"""Soda's checks over the Delta tables, and the report of a batch's quality."""

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

DATA_SOURCE = "delta"
SEVERITIES = ("fail", "warn")
THRESHOLD = re.compile(r"\s((?:!?=|[<>]=?|(?:not )?between)\s.*?):?$")


class ScanError(Exception):
    """The scan could not be made: a broken checks file, a check without a result."""


@dataclass(frozen=True)
class CheckResult:
    """What one check said; `outcome` is ``pass`` or ``fail``, `value` what Soda measured.

    `failing_rows` is the SQL condition of the rows that fail it, where the check names one.
    """

    name: str
    dataset: str
    severity: str
    outcome: str
    weight: float
    value: float | None
    threshold: str | None
    failing_rows: str | None
    definition: str


@dataclass(frozen=True)
class Scan:
    """The results of one scan, and the seconds of each query that Soda made for it."""

    results: list[CheckResult]
    seconds: dict[str, float]

    @property
    def failed(self) -> list[CheckResult]:
        """Return the checks that did not pass."""
        return [result for result in self.results if result.outcome != "pass"]


def scan(
    spark: SparkSession,
    contract_checks: str,
    check_files: Iterable[Path],
    variables: Mapping[str, str],
) -> Scan:
    """Run SodaCL, that of the contract and that of files, over the session's views.

    Raises:
        ScanError: with Soda's own messages, when a file or a check can't be evaluated.
    """
    _send_nothing()
    from soda.scan import Scan as SodaScan  # after the opt-out: importing it starts the telemetry

    soda_scan = SodaScan()
    soda_scan.sampler = _no_samples()
    soda_scan.set_data_source_name(DATA_SOURCE)
    soda_scan.add_spark_session(spark, data_source_name=DATA_SOURCE)
    soda_scan.add_variables(dict(variables))
    soda_scan.add_sodacl_yaml_str(contract_checks)
    for path in check_files:
        soda_scan.add_sodacl_yaml_file(str(path))
    _stop_on_errors(soda_scan)
    soda_scan.execute()
    _stop_on_errors(soda_scan)
    results = [_check_result(check) for check in soda_scan.get_scan_results()["checks"]]
    return Scan(results, _query_seconds(soda_scan))


def quality_report(made: Scan, failing_keys: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return what docs/records.md says of a scan: verdict, scores (0 to 100) and every check."""
    by_dataset: dict[str, list[CheckResult]] = defaultdict(list)
    for result in made.results:
        by_dataset[result.dataset].append(result)
    fails = any(result.severity == "fail" for result in made.failed)
    return {
        "verdict": "fail" if fails else "pass",
        "score": score(made.results),
        "datasets": {dataset: score(checks) for dataset, checks in sorted(by_dataset.items())},
        "checks": [
            {**asdict(result), "failing_keys": failing_keys.get(result.name, [])}
            for result in made.results
        ],
        "query_seconds": made.seconds,
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
        threshold=_threshold(check["definition"]),
        failing_rows=attributes.get("failing_rows"),
        definition=check["definition"].strip(),
    )


def _threshold(definition: str) -> str | None:
    """Return what the value must be, as ``= 0``, where the check compares one."""
    found = (THRESHOLD.search(line) for line in definition.splitlines())
    return next((each[1] for each in found if each), None)


def _query_seconds(soda_scan: Any) -> dict[str, float]:
    """Return the seconds of Soda's queries, by name; a query of Soda's may ask for many checks."""
    timed = [query for query in soda_scan._queries if query.duration is not None]
    # Without the number and the data source, which come first.
    names = [query.query_name.split(".", 2)[-1] for query in timed]
    return {
        name: round(query.duration.total_seconds(), 2)
        for name, query in zip(names, timed, strict=True)
    }


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
