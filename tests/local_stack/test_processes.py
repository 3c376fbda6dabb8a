import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from local_stack.environment import MARK
from local_stack.processes import Process, end_marked, marked, start

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('up', flush=True); time.sleep(60)",
]
PARENT = [
    sys.executable,
    "-c",
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
    " start_new_session=True, env={'PATH': ''});"
    "print(child.pid, flush=True); time.sleep(60)",
]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "logs").mkdir()
    yield tmp_path
    end_marked(tmp_path, patience=1)


def start_here(folder: Path, command: list[str]) -> Process:
    process = start("it", command, {**os.environ, MARK: str(folder)}, folder / "logs")
    deadline = time.monotonic() + 10
    while not (folder / "logs" / "it.log").read_text() and time.monotonic() < deadline:
        time.sleep(0.02)
    return process


def test_a_started_process_lives_in_a_session_of_its_own(folder: Path) -> None:
    process = start_here(folder, SLEEP)

    assert process.is_alive()
    assert os.getsid(process.pid) == process.pid


def test_a_log_can_be_read_by_its_owner_alone(folder: Path) -> None:
    process = start_here(folder, SLEEP)

    assert Path(process.log).stat().st_mode & 0o777 == 0o600


def test_a_process_that_has_ended_is_not_alive(folder: Path) -> None:
    process = start_here(folder, SLEEP)
    os.kill(process.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(process.pid)], timeout=5)

    assert not process.is_alive()


def test_another_process_with_the_same_pid_is_not_taken_for_it(folder: Path) -> None:
    process = start_here(folder, SLEEP)
    earlier = replace(process, started=process.started - 60)

    assert not earlier.is_alive()


def test_ending_ends_what_carries_the_mark(folder: Path) -> None:
    process = start_here(folder, SLEEP)

    assert end_marked(folder) == 1
    assert not process.is_alive()


def test_ending_kills_what_does_not_end_when_asked(folder: Path) -> None:
    process = start_here(folder, STUBBORN)

    assert end_marked(folder, patience=0.5) == 1
    assert not process.is_alive()


def test_ending_reaches_children_without_the_mark_in_sessions_of_their_own(folder: Path) -> None:
    start_here(folder, PARENT)
    child = psutil.Process(int((folder / "logs" / "it.log").read_text()))

    assert end_marked(folder) == 2
    assert not child.is_running()


def test_ending_reaches_a_child_whose_parent_has_died(folder: Path) -> None:
    orphan = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys; subprocess.Popen(sys.argv[1:])", *SLEEP],
        env={**os.environ, MARK: str(folder)},
        stdout=subprocess.DEVNULL,
    )
    orphan.wait()
    (left,) = marked(folder)

    assert end_marked(folder) == 1
    assert not left.is_running()


def test_ending_leaves_the_stack_of_another_folder_alone(folder: Path, tmp_path: Path) -> None:
    process = start_here(folder, SLEEP)

    assert end_marked(tmp_path / "another") == 0
    assert process.is_alive()


def test_ending_leaves_a_process_without_the_mark_alone(folder: Path) -> None:
    stranger = subprocess.Popen(SLEEP, stdout=subprocess.DEVNULL)
    start_here(folder, SLEEP)

    end_marked(folder)

    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_ending_nothing_is_fine(folder: Path) -> None:
    assert end_marked(folder) == 0
