"""A DAG run while it goes on: one line for each task, live on a terminal."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from typing import Any

import requests
from rich.console import Console
from rich.live import Live
from rich.table import Table

from local_stack.airflow_api import AirflowApi
from local_stack.lines import say
from local_stack.stack_state import Stack
from local_stack.waiting import require_alive

POLL_SECONDS = 1.0
ENDED = ("success", "failed")
WAITING = "waiting"
TOLD = {"running", "deferred", "up_for_retry", "success", "failed", "skipped", "upstream_failed"}
STYLES = {
    "success": "green", "failed": "bold red", "upstream_failed": "red", "skipped": "dim",
    "up_for_retry": "yellow", "running": "cyan", "deferred": "cyan", WAITING: "dim",
}  # fmt: skip


@dataclass(frozen=True)
class TaskProgress:
    """How far one task is; `seconds` since its start, None before it."""

    task_id: str
    state: str
    seconds: float | None
    try_number: int


def read_progress(instance: dict[str, Any], now: datetime) -> TaskProgress:
    """Return the progress that a task instance shows, as Airflow's REST interface gives it."""
    started, ended = (moment(instance[name]) for name in ("start_date", "end_date"))
    seconds = ((ended or now) - started).total_seconds() if started else None
    state = instance["state"] or WAITING
    return TaskProgress(instance["task_id"], state, seconds, instance["try_number"])


def moment(text: str | None) -> datetime | None:
    """Return the time that Airflow wrote."""
    return datetime.fromisoformat(text) if text else None


def in_order(downstream: dict[str, list[str]]) -> list[str]:
    """Return the tasks so that each comes after those it waits for."""
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(downstream, ()))
    for task, followers in downstream.items():
        for follower in followers:
            sorter.add(follower, task)
    return list(sorter.static_order())


def sorted_progress(
    instances: Iterable[dict[str, Any]], order: Sequence[str]
) -> list[TaskProgress]:
    """Return the progress of all tasks, in their order."""
    now = datetime.now(UTC)
    tasks = [read_progress(instance, now) for instance in instances]
    return sorted(tasks, key=lambda task: order.index(task.task_id))


def watch(api: AirflowApi, dag_id: str, run_id: str, console: Console, stack: Stack) -> str:
    """Show the run until it ends; return its state, success or failed.

    Raises:
        StackError: a process of the stack has ended.
    """
    order = in_order(api.downstream(dag_id))
    state = "queued"
    with shown_on(console) as show:
        while state not in ENDED:
            require_alive(stack.processes)
            time.sleep(POLL_SECONDS)
            with suppress(requests.RequestException):  # a busy machine: it answers the next time
                state = api.run_state(dag_id, run_id)
                show(sorted_progress(api.task_instances(dag_id, run_id), order))
    return state


@contextmanager
def shown_on(console: Console) -> Iterator[Callable[[list[TaskProgress]], None]]:
    """Give what shows the tasks: a table that is kept up to date, or a line for every change."""
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda tasks: live.update(task_table(tasks), refresh=True)
    else:
        seen: dict[str, str] = {}
        yield lambda tasks: say_changes(tasks, seen)


def task_table(tasks: list[TaskProgress]) -> Table:
    """Return one line for each task."""
    table = Table(box=None, padding=(0, 2))
    table.add_column("task")
    table.add_column("state")
    table.add_column("seconds", justify="right")
    for task in tasks:
        table.add_row(task.task_id, in_words(task), in_seconds(task), style=STYLES.get(task.state))
    return table


def say_changes(tasks: list[TaskProgress], seen: dict[str, str]) -> None:
    """Print a line for each task whose state is news: not a step between two, not last `seen`."""
    for task in tasks:
        if task.state in TOLD and seen.get(task.task_id) != in_words(task):
            seen[task.task_id] = in_words(task)
            say(f"{task.task_id:<24} {in_words(task):<20} {in_seconds(task):>7}")


def in_words(task: TaskProgress) -> str:
    """Return the state, with the number of the try from the second on."""
    return task.state + (f", try {task.try_number}" if task.try_number > 1 else "")


def in_seconds(task: TaskProgress) -> str:
    """Return ``3.2 s``, empty before the start."""
    return "" if task.seconds is None else f"{task.seconds:.1f} s"
