"""Where the figures go: the screen, a JSON file, and the page in the docs."""

import json
from collections.abc import Sequence
from pathlib import Path

from benchmarks.cases import Case
from benchmarks.results import Results
from benchmarks.table import figures_table, goals_table, steps_table

MARKER = "<!-- Everything below this line is written by `make bench`. -->"


def report_lines(cases: Sequence[Case], results: Results, machine: Sequence[str]) -> list[str]:
    """Return the whole report."""
    return [
        "## Figures", "", *machine, "",
        *figures_table(cases, results), "",
        "## Goals", "", *goals_table(cases, results), "",
        "## The job's steps, in seconds", "", *steps_table(cases, results),
    ]  # fmt: skip


def write_json(path: Path, results: Results) -> None:
    """Write all figures, by case and subject."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results.as_record(), indent=1) + "\n")


def write_page(path: Path, report: Sequence[str]) -> None:
    """Write the report under the marker of the page; what people wrote above it stays."""
    above, _, _ = (
        path.read_text().partition(MARKER) if path.exists() else ("# Benchmarks\n\n", "", "")
    )
    path.write_text("\n".join([above.rstrip("\n"), "", MARKER, "", *report, ""]))
