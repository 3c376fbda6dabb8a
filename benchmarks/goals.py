"""Which goals the job has reached."""

from dataclasses import dataclass

from benchmarks.cases import JOB, Case, Goal
from benchmarks.results import Results

UNITS = {"peak_mb": " MB"}


@dataclass(frozen=True)
class Reached:
    """A goal in words, what was measured, and the verdict: aim met, met, missed or not measured."""

    goal: str
    value: str
    verdict: str


def reached(case: Case, goal: Goal, results: Results) -> Reached:
    """Return what became of a goal."""
    value = measured_value(case, goal, results)
    shown = "" if value is None else f"{value:.2f}" if goal.subject else f"{value:.0f}"
    return Reached(in_words(case, goal), shown, verdict(goal, value))


def measured_value(case: Case, goal: Goal, results: Results) -> float | None:
    """Return the job's figure, or its ratio where the goal is one."""
    if goal.subject is None:
        return results.value(goal.figure, (case.name, JOB))
    return results.ratio(goal.figure, (case.name, JOB), (goal.case or case.name, goal.subject))


def in_words(case: Case, goal: Goal) -> str:
    """Return the goal as a phrase."""
    name = goal.figure.replace("_mb", "").replace("_", " ").replace("s3", "S3")
    if goal.subject is None:
        return f"{name} at most {goal.at_most:g}{UNITS.get(goal.figure, '')}"
    aim = f", aim {goal.aim:g}" if goal.aim else ""
    other = f"{goal.subject} of case {goal.case}" if goal.case else goal.subject
    return f"{name} at most {goal.at_most:g}{aim} x {other}"


def verdict(goal: Goal, value: float | None) -> str:
    """Return the verdict on a measured value."""
    if value is None:
        return "not measured"
    if goal.aim is not None and value <= goal.aim:
        return "aim met"
    return "met" if value <= goal.at_most else "missed"
