"""What a run did, as tables for a terminal."""

from textwrap import indent

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from local_stack.run_records import Alert, Record, RunRecords
from local_stack.tables import make_table

OUTCOMES = ["inserted", "updated", "unchanged", "duplicate", "rejected", "parked", "stale"]
CATEGORIES = ["schema_validation", "data_quality", "referential_integrity"]
VERDICTS = {"pass": "green", "fail": "bold red"}


def report(console: Console, records: RunRecords, alerts: list[Alert]) -> None:
    """Print ledger, rejects, quality, archived files and alerts, as far as the run came."""
    parts: list[RenderableType] = []
    if records.load:
        parts += [outcome_table(records.load), reject_table(records.load)]
    if records.quality:
        parts += quality_parts(records.quality)
    parts += [listing("Archived", records.archived)]
    parts += [listing("Alerts", [f"{alert.topic}: {alert.subject}" for alert in alerts])]
    parts += [Text(indent(alert.message, "    ")) for alert in alerts]
    for part in parts:
        console.print()
        console.print(part)


def outcome_table(ledger: Record) -> Table:
    """Return rows read and what became of them, a line for each dataset."""
    columns = ["read", *OUTCOMES]
    rows = [
        [dataset, counts["read"], *(counts["outcomes"][outcome] for outcome in OUTCOMES)]
        for dataset, counts in ledger["datasets"].items()
    ]
    title = f"Ledger of batch {ledger['batch_id']}"
    return make_table(title, ["dataset", *columns], rows, numeric=columns)


def reject_table(ledger: Record) -> Table:
    """Return the rejects by category and how many of them are whole files, a line a dataset."""
    columns = [*CATEGORIES, "whole files"]
    rows = [
        [dataset, *(counts["rejects"][name] for name in CATEGORIES), counts["files_rejected"]]
        for dataset, counts in ledger["datasets"].items()
    ]
    return make_table("Rejects by category", ["dataset", *columns], rows, numeric=columns)


def quality_parts(quality: Record) -> list[RenderableType]:
    """Return the verdict and the score in a line, and the checks that did not pass as a table."""
    checks, verdict = quality["checks"], quality["verdict"]
    failed = [check for check in checks if check["outcome"] != "pass"]
    columns = ["dataset", "name", "outcome", "value"]
    rows = [[check[column] for column in columns] for check in failed]
    line = Text("Quality: ").append(verdict, style=VERDICTS.get(verdict, ""))
    line.append(f", score {quality['score']} of 100, ")
    line.append(f"{len(checks) - len(failed)} of {len(checks)} checks passed")
    return [line, *([make_table("Not passed", columns, rows, ["value"])] if rows else [])]


def listing(title: str, lines: list[str]) -> Text:
    """Return the lines under a title with their number."""
    return Text("\n".join([f"{title}: {len(lines) or 'none'}", *(f"  {line}" for line in lines)]))
