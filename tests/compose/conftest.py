"""The stack in containers for all tests that are marked ``compose``: made once, and removed."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from local_stack import compose
from local_stack.ports import free_ports
from local_stack.stack_state import Stack
from tests.compose.engine import engine
from tests.compose.stand_ins import remove_images, stand_ins
from tests.end_to_end.fixtures import expected, pipeline, sample

__all__ = ["expected", "pipeline", "sample"]
PROJECT = TAG = "lakehouse-test"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return the running stack; whatever happens, nothing of it is left afterwards."""
    folder = tmp_path_factory.mktemp("compose")
    before = dict(os.environ)
    with ExitStack() as cleaning:
        cleaning.enter_context(ended_like_ctrl_c())
        cleaning.callback(os.environ.update, before)
        cleaning.callback(os.environ.clear)
        cleaning.enter_context(engine())
        bases = cleaning.enter_context(stand_ins())
        aws_port, airflow_port = free_ports(2)
        os.environ |= bases | {"COMPOSE_PROJECT_NAME": PROJECT, "LAKEHOUSE_TAG": TAG}
        os.environ |= {"LOCAL_AWS_PORT": str(aws_port), "AIRFLOW_PORT": str(airflow_port)}
        cleaning.callback(remove_images, f"lakehouse/*:{TAG}")
        cleaning.callback(compose.down_in_containers, folder)
        yield compose.up_in_containers(folder)


@contextmanager
def ended_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM clean up too."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)
