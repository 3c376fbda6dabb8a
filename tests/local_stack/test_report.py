import io
from typing import Any

import pytest
from rich.console import Console

from local_stack.report import report
from local_stack.run_records import Alert, RunRecords

OUTCOMES = {
    "inserted": 1080, "updated": 11, "unchanged": 12, "duplicate": 13, "rejected": 14,
    "parked": 15, "stale": 16,
}  # fmt: skip
LEDGER = {
    "batch_id": "b1",
    "datasets": {
        "order_items": {
            "read": 1161,
            "outcomes": OUTCOMES,
            "rejects": {
                "schema_validation": 7,
                "data_quality": 8,
                "referential_integrity": 9,
            },
            "files_rejected": 1,
        }
    },
}


def quality(**changes: Any) -> dict[str, Any]:
    check = {"name": "row_count", "dataset": "orders", "outcome": "pass", "value": 3}
    report = {"verdict": "pass", "score": 98.7, "datasets": {"orders": 98.7}, "checks": [check]}
    return {**report, **changes}


def printed(records: RunRecords, *alerts: Alert, width: int = 80) -> str:
    screen = io.StringIO()
    report(Console(file=screen, width=width, markup=False), records, list(alerts))
    return screen.getvalue()


def line_of(text: str, start: str) -> list[str]:
    return next(line for line in text.splitlines() if line.startswith(start)).split()


def test_the_ledger_shows_rows_read_and_every_outcome_on_a_terminal_of_80_columns() -> None:
    text = printed(RunRecords(batch_id="b1", load=LEDGER))

    assert line_of(text, "dataset") == ["dataset", "read", *OUTCOMES]
    assert line_of(text, "order_items") == [
        "order_items",
        "1161",
        "1080",
        "11",
        "12",
        "13",
        "14",
        "15",
        "16",
    ]


def test_rejects_are_shown_by_category_with_the_whole_files() -> None:
    text = printed(RunRecords(batch_id="b1", load=LEDGER)).partition("Rejects")[2]

    assert line_of(text, "order_items") == ["order_items", "7", "8", "9", "1"]


def test_the_quality_result_is_the_verdict_the_score_and_the_number_of_passed_checks() -> None:
    text = printed(RunRecords(quality=quality()))

    assert "Quality: pass, score 98.7 of 100, 1 of 1 checks passed" in text


@pytest.mark.parametrize("outcome", ["fail", "warn", "error"])
def test_a_check_that_did_not_pass_is_named_with_its_value(outcome: str) -> None:
    check = {"name": "no [gaps]", "dataset": "orders", "outcome": outcome, "value": None}
    text = printed(RunRecords(quality=quality(checks=[check])))

    assert line_of(text, "orders") == ["orders", "no", "[gaps]", outcome, "null"]


def test_archived_files_and_alerts_are_listed_with_the_alerts_texts() -> None:
    alert = Alert("orders-lakehouse-published", "Published: batch b1", "Batch b1\nis there.")

    text = printed(RunRecords(archived=["archive/orders/b1/1.csv"]), alert)

    assert "Archived: 1\n  archive/orders/b1/1.csv" in text
    assert "Alerts: 1\n  orders-lakehouse-published: Published: batch b1" in text
    assert "\n    Batch b1\n    is there.\n" in text


def test_a_run_that_came_nowhere_says_so() -> None:
    assert "Archived: none" in printed(RunRecords())
