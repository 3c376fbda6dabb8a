import json
from pathlib import Path

import pytest

from supply_chain.__main__ import REQUIREMENTS
from supply_chain.advisories import AuditError, Finding
from supply_chain.pip_audit import findings

# What pip-audit 2.10.1 said of three pins, asked for the advisories of October 2024.
REPORT = json.loads(Path(__file__).with_name("report.json").read_text())


def test_the_findings_of_a_report_are_read() -> None:
    names = ("GHSA-j8r2-6x86-q33q", "CVE-2023-32681")

    assert list(findings("requirements.txt", REPORT)) == [
        Finding("requirements.txt", "requests", "2.30.0", "PYSEC-2023-74", names, ("2.31.0",))
    ]


def test_a_package_that_could_not_be_asked_about_is_an_error() -> None:
    report = {"dependencies": [{"name": "six", "skip_reason": "six was not found"}]}

    with pytest.raises(AuditError, match=r"requirements\.txt: six was not found"):
        list(findings("requirements.txt", report))


def test_both_environments_and_what_is_deployed_are_audited() -> None:
    assert {
        "requirements.txt",
        "requirements-local.txt",
        "requirements-glue.txt",
        "requirements-java.txt",
        "requirements-audit.txt",
    } <= set(REQUIREMENTS)
