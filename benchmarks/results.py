"""Rounds become figures: medians, and ratios of what ran side by side."""

from collections import defaultdict
from statistics import median
from typing import Any

from benchmarks.cases import FLOOR, NAIVE

Figures = dict[str, Any]
MEDIANS = ("seconds", "cpu_seconds", "session_seconds", "peak_mb", "files_added", "files_removed")

COUNTS = ("s3_requests", "s3_requests_by_kind", "files_read", "spark_jobs")


class Results:
    """All rounds of a run, by case and subject."""

    def __init__(self) -> None:
        """Start without any."""
        self._rounds: dict[tuple[str, str], list[Figures]] = defaultdict(list)
        self._counts: dict[tuple[str, str], Figures] = {}

    def add_round(self, case: str, subject: str, figures: Figures) -> None:
        """Keep a timed round."""
        self._rounds[case, subject].append(figures)

    def add_counts(self, case: str, subject: str, counts: Figures) -> None:
        """Keep what a counting round counted."""
        self._counts[case, subject] = counts

    def figures(self, case: str, subject: str) -> Figures:
        """Return all figures of a subject in a case; None stands for what was not measured."""
        rounds, counts = self._rounds[case, subject], self._counts.get((case, subject), {})
        return {
            **{name: round(median(each[name] for each in rounds), 1) for name in MEDIANS},
            "ratio_to_floor": self.ratio("seconds", (case, subject), (case, FLOOR)),
            "ratio_to_naive": self.ratio("seconds", (case, subject), (case, NAIVE)),
            "cpu_ratio_to_floor": self.ratio("cpu_seconds", (case, subject), (case, FLOOR)),
            "cpu_ratio_to_naive": self.ratio("cpu_seconds", (case, subject), (case, NAIVE)),
            **{name: counts.get(name) for name in COUNTS},
            "steps": _median_steps(rounds),
            "rounds": [round(each["seconds"], 1) for each in rounds],
        }

    def value(self, name: str, of: tuple[str, str]) -> float | None:
        """Return one figure of a case and subject, or None where it was not measured."""
        if name in self._counts.get(of, {}):
            return float(self._counts[of][name])
        found = [each[name] for each in self._rounds.get(of, []) if name in each]
        return median(found) if found else None

    def ratio(self, name: str, of: tuple[str, str], to: tuple[str, str]) -> float | None:
        """Return a figure as a ratio to another case's or subject's, or None without both.

        Of rounds it is the median of their ratios, because both runs of a round met one machine.
        """
        if name in self._counts.get(of, {}) and name in self._counts.get(to, {}):
            return quotient(self._counts[of][name], self._counts[to][name])
        if any(name not in each for pair in (of, to) for each in self._rounds.get(pair, [{}])):
            return None
        pairs = zip(self._rounds[of], self._rounds[to], strict=True)
        return median(quotient(mine[name], other[name]) for mine, other in pairs)

    def as_record(self) -> dict[str, dict[str, Figures]]:
        """Return all figures by case, then by subject."""
        record: dict[str, dict[str, Figures]] = defaultdict(dict)
        for case, subject in sorted(self._rounds):
            record[case][subject] = self.figures(case, subject)
        return dict(record)


def quotient(number: float, other: float) -> float:
    """Return the quotient; nothing is as much as nothing, and anything is infinitely more."""
    if not other:
        return float("inf") if number else 1.0
    return round(number / other, 2)


def _median_steps(rounds: list[Figures]) -> dict[str, float]:
    steps = [each["steps"] for each in rounds if "steps" in each]
    names = list(steps[0]) if steps else []
    return {name: round(median(each[name] for each in steps), 1) for name in names}
