"""Wait for a part of the stack to come up, and say which one did not."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from local_stack.lines import last_lines, say
from local_stack.processes import Process

Found = TypeVar("Found")

POLL_SECONDS = 0.5
CONTAINER_LOGS = "docker compose logs"


class StackError(Exception):
    """The stack can't do what was asked; the message says why and what to do."""


def wait_for(
    what: str,
    look: Callable[[], Found | None],
    processes: Iterable[Process],
    seconds: float = 120,
) -> Found:
    """Return what `look` finds, once it finds it.

    Raises:
        StackError: one of the processes it depends on has ended, or the time is up.
    """
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        require_alive(processes)
        if time.monotonic() > deadline:
            logs = ", ".join(process.log for process in processes) or CONTAINER_LOGS
            raise StackError(f"{what} is not there after {seconds:.0f} seconds; see {logs}")
        time.sleep(POLL_SECONDS)
    say(f"{what} is ready")
    return found


def require_alive(processes: Iterable[Process]) -> None:
    """Do nothing while all processes live.

    Raises:
        StackError: one has ended; with the end of its log.
    """
    for process in processes:
        if not process.is_alive():
            lines = last_lines(Path(process.log))
            raise StackError(f"{process.name} has ended; the end of {process.log}:\n{lines}")
