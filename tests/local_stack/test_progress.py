import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from local_stack.progress import (
    TaskProgress,
    in_order,
    read_progress,
    say_changes,
    shown_on,
    sorted_progress,
)

NOW = datetime(2026, 11, 24, 12, 0, 10, tzinfo=UTC)


def instance(task_id: str, **shown: Any) -> dict[str, Any]:
    blank = {"state": None, "start_date": None, "end_date": None, "try_number": 0}
    return {"task_id": task_id, **blank, **shown}


def test_tasks_come_after_those_they_wait_for() -> None:
    order = in_order({"notify": [], "load": ["check"], "plan": ["load"], "check": ["notify"]})

    assert order == ["plan", "load", "check", "notify"]


def test_a_task_that_has_not_started_waits() -> None:
    assert read_progress(instance("load"), NOW) == TaskProgress("load", "waiting", None, 0)


def test_the_seconds_of_a_running_task_count_up_to_now() -> None:
    running = instance("load", state="running", start_date="2026-11-24T12:00:04Z", try_number=1)

    assert read_progress(running, NOW).seconds == 6.0


def test_the_seconds_of_an_ended_task_are_those_it_took() -> None:
    ended = instance(
        "load",
        state="success",
        start_date="2026-11-24T12:00:04Z",
        end_date="2026-11-24T12:00:06.500000Z",
    )

    assert read_progress(ended, NOW).seconds == 2.5


def test_progress_is_in_the_order_of_the_dag() -> None:
    tasks = sorted_progress([instance("check"), instance("load")], ["load", "check"])

    assert [task.task_id for task in tasks] == ["load", "check"]


def test_without_a_terminal_every_change_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    seen: dict[str, str] = {}
    for state, try_number in [("running", 1), ("running", 1), ("up_for_retry", 1), ("running", 2)]:
        say_changes([TaskProgress("load", state, 1.0, try_number)], seen)

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert "running, try 2" in lines[2]


def test_a_task_that_waits_makes_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    say_changes([TaskProgress("load", "waiting", None, 0)], {})

    assert capsys.readouterr().out == ""


def test_on_a_terminal_the_table_shows_a_line_for_each_task() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80)

    with shown_on(console) as show:
        show([TaskProgress("plan", "success", 2.0, 1), TaskProgress("load", "running", 5.25, 2)])

    assert "plan" in screen.getvalue()
    assert "running, try 2" in screen.getvalue()
    assert "5.2 s" in screen.getvalue()
