"""From rounds to figures, goals, the table, the JSON file and the page."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cases import CASES, Case, Goal
from benchmarks.deliveries import Delivery
from benchmarks.goals import reached
from benchmarks.report import MARKER, report_lines, write_json, write_page
from benchmarks.results import Results, quotient
from benchmarks.table import aligned, figures_table, goals_table

CASE = Case(
    "7", "a test", Delivery(0, 1), goals=(Goal(2.0, 1.5, "floor"), Goal(1.0, subject="naive"))
)
SECONDS = {"job": [3.0, 8.0, 3.0], "naive": [2.0, 8.0, 4.0], "floor": [2.0, 4.0, 1.0]}


def a_round(seconds: float) -> dict[str, Any]:
    """Return the figures of a round."""
    return {
        "seconds": seconds, "cpu_seconds": 2 * seconds, "session_seconds": 1.0, "peak_mb": 900.4,
        "files_added": 3, "files_removed": 0,
    }  # fmt: skip


@pytest.fixture
def results() -> Results:
    """Return three rounds of three subjects, and counts of one."""
    results = Results()
    for subject, rounds in SECONDS.items():
        for seconds in rounds:
            results.add_round("7", subject, a_round(seconds))
    results.add_counts("7", "job", {"s3_requests": 120, "files_read": 4})
    return results


def test_figures_are_medians_and_ratios_of_a_rounds_runs(results: Results) -> None:
    figures = results.figures("7", "job")
    assert figures["seconds"] == 3.0
    assert figures["cpu_seconds"] == 6.0
    assert figures["ratio_to_floor"] == 2.0  # of 1.5, 2 and 3, where the medians' is 1.5
    assert figures["ratio_to_naive"] == 1.0
    assert figures["rounds"] == [3.0, 8.0, 3.0]


def test_what_was_not_measured_is_none(results: Results) -> None:
    assert results.figures("7", "naive")["s3_requests"] is None
    assert results.ratio("seconds", ("7", "job"), ("8", "job")) is None
    assert results.ratio("files_read", ("7", "naive"), ("7", "floor")) is None
    assert results.value("files_read", ("7", "naive")) is None


@pytest.mark.parametrize(
    ("number", "other", "expected"), [(3, 2, 1.5), (0, 0, 1.0), (1, 0, float("inf"))]
)
def test_quotient(number: float, other: float, expected: float) -> None:
    assert quotient(number, other) == expected


@pytest.mark.parametrize(
    ("goal", "words", "value", "verdict"),
    [
        (Goal(2.0, 1.5, "floor"), "seconds at most 2, aim 1.5 x floor", "2.00", "met"),
        (Goal(3.0, 2.0, "floor"), "seconds at most 3, aim 2 x floor", "2.00", "aim met"),
        (Goal(0.9, subject="naive"), "seconds at most 0.9 x naive", "1.00", "missed"),
        (Goal(1, subject="job", case="8"), "seconds at most 1 x job of case 8", "", "not measured"),
        (Goal(900, figure="peak_mb"), "peak at most 900 MB", "900", "missed"),
        (Goal(0, figure="files_removed"), "files removed at most 0", "0", "met"),
    ],
)
def test_goals(results: Results, goal: Goal, words: str, value: str, verdict: str) -> None:
    found = reached(CASE, goal, results)
    assert (found.goal, found.value, found.verdict) == (words, value, verdict)


def test_goals_name_measured_subjects_and_earlier_cases() -> None:
    names = [case.name for case in CASES]
    by_name = {case.name: case for case in CASES}
    for case in CASES:
        for goal in case.goals:
            assert names.index(goal.case or case.name) <= names.index(case.name)
            assert goal.subject in {None, *by_name[goal.case or case.name].subjects}


def test_the_table_has_a_line_for_each_subject(results: Results) -> None:
    head, rule, *lines = figures_table([CASE], results)
    assert head.split("|")[1].strip() == "case"
    assert set(rule) <= set("|-: ")
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert [row[1] for row in cells] == ["job", "naive", "floor"]
    assert cells[0][:6] == ["7. a test", "job", "3.0", "6.0", "2.00", "1.00"]
    assert len({len(line) for line in (head, rule, *lines)}) == 1


def test_columns_are_aligned() -> None:
    assert aligned([["a", "b"], ["long", "12"]], left=1) == [
        "| a    |  b |",
        "| ---- | -: |",
        "| long | 12 |",
    ]


def test_goals_table(results: Results) -> None:
    assert [line.split("|")[4].strip() for line in goals_table([CASE], results)[2:]] == [
        "met",
        "met",
    ]


def test_json_by_case_and_subject(results: Results, tmp_path: Path) -> None:
    write_json(tmp_path / "bench.json", results)
    record = json.loads((tmp_path / "bench.json").read_text())
    assert set(record["7"]) == {"job", "naive", "floor"}
    wanted = {
        "seconds": 3.0, "cpu_seconds": 6.0, "ratio_to_floor": 2.0, "peak_mb": 900.4,
        "s3_requests": 120, "files_read": 4, "files_removed": 0,
    }  # fmt: skip
    assert wanted.items() <= record["7"]["job"].items()


def test_the_page_keeps_what_people_wrote(results: Results, tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    page.write_text(f"# Ours\n\nBy hand.\n\n{MARKER}\n\nold figures\n")
    write_page(page, report_lines([CASE], results, ["* a machine"]))
    text = page.read_text()
    assert text.startswith(f"# Ours\n\nBy hand.\n\n{MARKER}\n\n## Figures\n\n* a machine\n")
    assert "old figures" not in text
    assert text.endswith("|\n")
