import os
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from local_stack.processes import Process
from local_stack.stack_state import Stack, forget_stack, read_stack, running_stack, write_stack
from local_stack.waiting import StackError


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """A stack whose one process is this test's own."""
    process = Process("me", os.getpid(), psutil.Process().create_time(), "me.log")
    return Stack(tmp_path, "http://127.0.0.1:5001", "http://127.0.0.1:5002", (process,))


def test_a_written_stack_is_read_back(stack: Stack) -> None:
    write_stack(stack)

    assert read_stack(stack.folder) == stack


def test_without_a_stack_there_is_none(tmp_path: Path) -> None:
    assert read_stack(tmp_path) is None


def test_a_stack_with_one_dead_process_does_not_run(stack: Stack) -> None:
    dead = replace(stack.processes[0], started=0.0)
    write_stack(replace(stack, processes=(*stack.processes, dead)))

    assert read_stack(stack.folder) is None


def test_asking_for_a_stack_that_does_not_run_says_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="make up"):
        running_stack(tmp_path)


def test_a_forgotten_stack_is_not_read(stack: Stack) -> None:
    write_stack(stack)

    forget_stack(stack.folder)

    assert read_stack(stack.folder) is None
