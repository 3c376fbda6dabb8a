import os
import subprocess
import sys
from pathlib import Path

import pytest
from lakehouse_spark.contract_checks import contract_checks
from lakehouse_spark.quality import CheckResult, Scan, ScanError, quality_report, scan, score
from pyspark.sql import SparkSession

NONE = contract_checks([])
SCRIPTS = Path(__file__).parents[2] / "glue_scripts"
SCAN_WITH_A_NEW_HOME = """
from contextlib import suppress
from lakehouse_spark.quality import ScanError, scan
with suppress(ScanError):
    scan(None, "checks for shop: [", [], {})
from soda.telemetry.soda_telemetry import SodaTelemetry
print(SodaTelemetry.soda_config.send_anonymous_usage_stats)
"""


def result(outcome: str, severity: str = "fail", weight: float = 1.0) -> CheckResult:
    return CheckResult(
        "a name", "orders", severity, outcome, weight, 0, "> 0", None, "row_count > 0"
    )


def checks_file(folder: Path, text: str) -> list[Path]:
    path = folder / "shop.soda.yml"
    path.write_text(text)
    return [path]


@pytest.fixture
def shop_view(spark: SparkSession) -> str:
    spark.sql("select 1 as id union all select 1 as id").createOrReplaceTempView("shop")
    return "shop"


def test_score_is_the_weighted_share_of_passed_checks() -> None:
    assert score([result("pass", weight=3), result("fail", weight=1)]) == 75.0


def test_score_is_full_where_there_is_nothing_to_check() -> None:
    assert score([]) == 100.0


def test_a_failed_warning_lowers_the_score_and_keeps_the_verdict() -> None:
    report = quality_report(Scan([result("pass"), result("fail", severity="warn")], {}), {})
    assert (report["verdict"], report["score"], report["datasets"]) == (
        "pass",
        50.0,
        {"orders": 50.0},
    )


def test_a_failed_check_of_severity_fail_fails_the_verdict() -> None:
    made = Scan([result("pass", weight=99), result("fail")], {})
    assert quality_report(made, {})["verdict"] == "fail"


def test_scan_gives_outcome_severity_weight_and_value(
    spark: SparkSession, shop_view: str, tmp_path: Path
) -> None:
    files = checks_file(
        tmp_path,
        "checks for shop:\n"
        "  - duplicate_count(id) = 0:\n"
        "      name: once\n"
        "      attributes: {severity: warn, weight: 3}\n"
        "  - row_count = ${rows}:\n"
        "      name: as many as said\n",
    )
    by_name = {check.name: check for check in scan(spark, NONE, files, {"rows": "2"}).results}
    once, many = by_name["once"], by_name["as many as said"]
    assert (once.outcome, once.severity, once.weight, once.value) == ("fail", "warn", 3.0, 1)
    assert (many.outcome, many.severity, many.weight, many.value) == ("pass", "fail", 1.0, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("checks for shop:\n  - row_count >>> 0\n", "row_count", id="no SodaCL"),
        pytest.param("checks for shop: [\n", "shop.soda.yml", id="no YAML"),
        pytest.param("checks for nowhere:\n  - row_count > 0\n", "nowhere", id="unknown table"),
        pytest.param(
            "checks for shop:\n  - row_count > 0:\n      attributes: {severity: grave}\n",
            "grave",
            id="unknown severity",
        ),
    ],
)
def test_a_scan_that_can_not_be_made_says_why(
    spark: SparkSession, shop_view: str, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ScanError, match=message):
        scan(spark, NONE, checks_file(tmp_path, text), {})


def test_soda_leaves_nothing_in_the_home_folder_and_sends_nothing(tmp_path: Path) -> None:
    """In a process of its own, with a home of its own: whoever runs this may use Soda too."""
    environment = {**os.environ, "HOME": str(tmp_path)}
    command = [sys.executable, "-c", SCAN_WITH_A_NEW_HOME]

    assert subprocess.check_output(command, env=environment, cwd=SCRIPTS, text=True) == "False\n"
    assert list(tmp_path.iterdir()) == []
