"""One step of the installation: what it says, what it runs, and how it is known to be complete."""

import hashlib
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from local_stack.lines import last_lines, say
from local_stack.paths import LOGS, ROOT

STAMP = ".installed"
QUIET_SECONDS = 30


class InstallError(Exception):
    """A step failed; the message says which one and what is known about it."""


def run(step: str, command: Iterable[str | Path], environment: Mapping[str, str]) -> None:
    """Run `command` with its output in the step's log; InstallError with the log's last lines."""
    log = LOGS / f"install-{step}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            close_fds=False,  # a child that outlives us keeps the lock of the installation
        )
    if wait(process, step) != 0:
        raise InstallError(f"{step} failed; the end of {log.relative_to(ROOT)}:\n{last_lines(log)}")


def wait(process: subprocess.Popen[bytes], step: str) -> int:
    """Return the exit code, with a sign of life every half minute."""
    while True:
        try:
            return process.wait(QUIET_SECONDS)
        except subprocess.TimeoutExpired:
            say(f"{step}: still working")


def fingerprint(*parts: str | Path) -> str:
    """Return a hash of texts and of the contents of files."""
    texts = [part if isinstance(part, str) else part.read_text() for part in parts]
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


def is_complete(folder: Path, wanted: str) -> bool:
    """Tell whether `folder` was finished with this fingerprint."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == wanted


def complete(folder: Path, wanted: str) -> None:
    """Write down, last of all, that `folder` is finished."""
    (folder / STAMP).write_text(wanted)
