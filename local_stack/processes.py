"""Processes of the stack: start them, know whether they live, end them and nothing else."""

import os
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from local_stack.environment import MARK

CLOCK_SECONDS = 2.0
"""How far two readings of one start time may differ."""
PATIENCE_SECONDS = 15.0
OTHERS = 0o077
"""Files are the owner's alone: Airflow writes its keys and its password into some."""


@dataclass(frozen=True)
class Process:
    """A process we started; `started`, seconds since 1970, tells it from a later one of its pid."""

    name: str
    pid: int
    started: float
    log: str

    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.started) < CLOCK_SECONDS
            return bool(same and process.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:
            return False


def start(
    name: str, command: Iterable[str | Path], environment: Mapping[str, str], logs: Path
) -> Process:
    """Start `command` in a session of its own, with its output in ``<logs>/<name>.log``."""
    log = logs / f"{name}.log"
    log.unlink(missing_ok=True)
    with open(log, "w", opener=for_the_owner) as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            env=dict(environment),
            cwd=logs.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=OTHERS,
        )
    return Process(name, process.pid, psutil.Process(process.pid).create_time(), str(log))


def for_the_owner(path: str, flags: int) -> int:
    """Open a file that nobody else can read."""
    return os.open(path, flags, 0o666 & ~OTHERS)


def marked(folder: Path) -> set[psutil.Process]:
    """Return every process with the mark of the stack in `folder`, and what these started."""
    found = {process for process in psutil.process_iter() if carries(process, folder)}
    for process in list(found):
        with suppress(psutil.NoSuchProcess):
            found.update(process.children(recursive=True))
    return found


def carries(process: psutil.Process, folder: Path) -> bool:
    """Tell whether the process was started with the stack's mark."""
    try:
        own = process.pid != os.getpid()
        return bool(own and process.environ().get(MARK) == str(folder))
    except (psutil.Error, OSError):
        return False  # ended meanwhile, or another user's


def end_marked(folder: Path, patience: float = PATIENCE_SECONDS) -> int:
    """End every process of the stack in `folder`, first politely; return how many there were."""
    asked = marked(folder)
    for process in asked:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(asked, timeout=patience)
    killed: set[psutil.Process] = set()
    while (left := marked(folder)) - killed:
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=patience)
        killed |= left
    return len(asked | killed)
