"""Lines of text for the person at the terminal. Standard library only: the installer imports it."""

import time
from pathlib import Path

STARTED = time.monotonic()
LAST_LINES = 15
JAVA_STACK_FRAME = "\tat "


def say(text: str) -> None:
    """Print one line with the seconds since this command started."""
    print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)


def last_lines(log: Path) -> str:
    """Return the end of a log, indented, without the frames of Java stack traces."""
    lines = log.read_text(errors="replace").splitlines()
    telling = [line for line in lines if line.strip() and not line.startswith(JAVA_STACK_FRAME)]
    return "\n".join(f"    {line}" for line in telling[-LAST_LINES:])
