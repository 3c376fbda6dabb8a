"""The output of a Glue run: to a file and to CloudWatch Logs while it runs."""

import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO

from moto.logs.models import LogsBackend

LARGEST_EVENT = 256_000
KEPT_LINES = 5_000
TRACEBACK = "Traceback (most recent call last):"


class LogStream:
    """One stream of a CloudWatch log group."""

    def __init__(self, backend: LogsBackend, group: str, name: str) -> None:
        """Make the group and the stream if they are not there."""
        backend.ensure_log_group(group)
        backend.ensure_log_stream(group, name)
        self._backend, self._group, self._name = backend, group, name

    def write(self, lines: list[str]) -> None:
        """Add one event a line; CloudWatch takes no empty ones."""
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line[:LARGEST_EVENT]} for line in lines if line]
        if events:
            self._backend.put_log_events(self._group, self._name, events)


class OutputReader(threading.Thread):
    """Carries what a process writes to a file and a log stream, as it comes, to the end."""

    def __init__(self, pipe: IO[bytes], copy: Path, stream: LogStream) -> None:
        """Read `pipe` into the file `copy` and the log `stream`, once started."""
        super().__init__(daemon=True)
        self._pipe, self._copy, self._stream = pipe, copy, stream
        self.last_lines: deque[str] = deque(maxlen=KEPT_LINES)
        self._unfinished = b""

    def run(self) -> None:
        """Read until every process that holds the other end is gone."""
        with self._pipe, self._copy.open("ab", buffering=0) as copy:
            while chunk := os.read(self._pipe.fileno(), 65_536):
                copy.write(chunk)
                *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
                self._pass_on(lines)
            self._pass_on([self._unfinished])

    def _pass_on(self, lines: list[bytes]) -> None:
        texts = [line.decode(errors="replace").rstrip("\r") for line in lines]
        self.last_lines.extend(text for text in texts if text.strip())
        self._stream.write(texts)


def failure_message(exit_code: int, error_lines: list[str]) -> str:
    """Return why a run failed: the exception's last line, or else the last thing it said."""
    if TRACEBACK in error_lines:
        return exception_line(error_lines)
    said = error_lines[-1] if error_lines else "no message"
    return f"SystemExit: {exit_code}: {said}"


def exception_line(error_lines: list[str]) -> str:
    """Return the line after the last traceback's indented ones, with a cause that follows it."""
    last = max(number for number, line in enumerate(error_lines) if line == TRACEBACK)
    after = [line for line in error_lines[last + 1 :] if not line.startswith(" ")]
    # A Java error's own message is on the next line: ": java.lang.IllegalStateException: …"
    cause = after[1] if len(after) > 1 and after[1].startswith(": ") else ""
    return f"{after[0]}{cause}" if after else TRACEBACK
