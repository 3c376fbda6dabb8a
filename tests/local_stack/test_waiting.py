import os
from pathlib import Path

import psutil
import pytest

from local_stack.processes import Process
from local_stack.waiting import StackError, require_alive, wait_for


@pytest.fixture
def alive(tmp_path: Path) -> Process:
    return Process("alive", os.getpid(), psutil.Process().create_time(), str(tmp_path / "log"))


@pytest.fixture
def dead(tmp_path: Path) -> Process:
    log = tmp_path / "dead.log"
    log.write_text("all went well\nthe disk is full\n")
    return Process("dead", os.getpid(), 0.0, str(log))


def test_what_is_found_is_returned(alive: Process) -> None:
    answers = iter([None, None, "there"])

    assert wait_for("it", lambda: next(answers), [alive]) == "there"


def test_a_process_that_ended_is_named_with_the_end_of_its_log(dead: Process) -> None:
    with pytest.raises(StackError, match=r"dead has ended.*(?s:.*)the disk is full"):
        wait_for("it", lambda: None, [dead])


def test_waiting_ends_with_the_place_to_look(alive: Process) -> None:
    with pytest.raises(StackError, match=f"it is not there after 0 seconds; see {alive.log}"):
        wait_for("it", lambda: None, [alive], seconds=0)


def test_living_processes_are_fine(alive: Process) -> None:
    require_alive([alive, alive])
