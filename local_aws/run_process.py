"""The process group of a Glue run: started apart from the server, ended whole."""

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress

from local_aws.run_folder import RunFolder

LOOK_SECONDS = 0.05


def start_process(folder: RunFolder) -> subprocess.Popen[bytes]:
    """Return the started script, leader of a process group of its own."""
    return subprocess.Popen(
        folder.command,
        cwd=folder.work,
        env=folder.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def wait_until(process: subprocess.Popen[bytes], seconds: float, stop: threading.Event) -> bool:
    """Return whether the process ended by itself, before `seconds` are over or `stop` is set."""
    deadline = time.monotonic() + seconds
    while not has_ended(process):
        if stop.wait(LOOK_SECONDS) or time.monotonic() > deadline:
            return has_ended(process)
    return True


def has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Return whether the process has ended, without reaping it.

    Unreaped, its id stays taken, so a signal to its group can't reach a stranger.
    """
    if process.returncode is not None:
        return True
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def end_group(process: subprocess.Popen[bytes], grace_seconds: float) -> int:
    """End the whole group and return its leader's exit code.

    A leader that still runs is asked first and has `grace_seconds` to go.
    """
    if not has_ended(process):
        signal_group(process, signal.SIGTERM)
        wait_until(process, grace_seconds, threading.Event())
    # A Spark driver outlives the Python that started it; nothing of a run may outlive the run.
    signal_group(process, signal.SIGKILL)
    return process.wait()


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send the signal to every process of the group that is still there."""
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
