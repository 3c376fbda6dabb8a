"""The table of all figures, as lines of Markdown that can be read as they are."""

from collections.abc import Sequence

from benchmarks.cases import Case
from benchmarks.goals import reached
from benchmarks.results import Figures, Results

# By heading: the figure, and its decimals.
COLUMNS = {
    "wall s": ("seconds", 1),
    "CPU s": ("cpu_seconds", 1),
    "x floor": ("ratio_to_floor", 2),
    "x naive": ("ratio_to_naive", 2),
    "CPU x floor": ("cpu_ratio_to_floor", 2),
    "CPU x naive": ("cpu_ratio_to_naive", 2),
    "session s": ("session_seconds", 1),
    "peak MB": ("peak_mb", 0),
    "S3 requests": ("s3_requests", 0),
    "Spark jobs": ("spark_jobs", 0),
    "files read": ("files_read", 0),
    "added": ("files_added", 0),
    "removed": ("files_removed", 0),
}


def figures_table(cases: Sequence[Case], results: Results) -> list[str]:
    """Return one line for each case and subject."""
    rows = [["case", "subject", *COLUMNS]]
    for case in cases:
        for place, subject in enumerate(case.subjects):
            title = "" if place else f"{case.name}. {case.title}"
            rows.append([title, subject, *cells(results.figures(case.name, subject))])
    return aligned(rows, left=2)


def goals_table(cases: Sequence[Case], results: Results) -> list[str]:
    """Return one line for each goal."""
    rows = [["case", "goal of the job", "measured", "verdict"]]
    for case in cases:
        for goal in case.goals:
            found = reached(case, goal, results)
            rows.append([case.name, found.goal, found.value, found.verdict])
    return aligned(rows, left=2)


def steps_table(cases: Sequence[Case], results: Results) -> list[str]:
    """Return one line for each case: the seconds of the job's steps."""
    found = {case.name: results.figures(case.name, case.subjects[0])["steps"] for case in cases}
    names = list(dict.fromkeys(name for steps in found.values() for name in steps))
    rows = [["case", *names]]
    for case, steps in found.items():
        rows.append([case, *(f"{steps[name]:.1f}" if name in steps else "" for name in names)])
    return aligned(rows, left=1)


def cells(figures: Figures) -> list[str]:
    """Return the figures in the order of the columns; an empty text where there is none."""
    return [
        "" if figures[name] is None else f"{figures[name]:.{decimals}f}"
        for name, decimals in COLUMNS.values()
    ]


def aligned(rows: Sequence[Sequence[str]], left: int) -> list[str]:
    """Return the rows, the first one being the head, as a table; `left` columns are texts."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths, left) for row in rows]
    rule = [
        "-" * width if at < left else "-" * (width - 1) + ":" for at, width in enumerate(widths)
    ]
    return [lines[0], _line(rule, widths, left), *lines[1:]]


def _line(row: Sequence[str], widths: Sequence[int], left: int) -> str:
    padded = [
        text.ljust(width) if place < left else text.rjust(width)
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"
