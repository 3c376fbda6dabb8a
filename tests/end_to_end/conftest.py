"""One stack for all end-to-end tests, in a folder of its own beside whatever else runs."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_stack.stack import down, up
from local_stack.stack_state import Stack
from tests.end_to_end.fixtures import expected, pipeline, sample
from tests.end_to_end.pipeline import FIRST, Pipeline, States

__all__ = ["expected", "pipeline", "sample"]
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Return a running stack; its processes end with the tests."""
    folder = tmp_path_factory.mktemp("stack")
    before = dict(os.environ)
    try:
        yield up(folder)
    finally:
        down(folder)
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="session")
def first_run(pipeline: Pipeline, sample: list[Path]) -> States:
    """Load the sample; its Glue run dies between two commits. Return how the tasks ended."""
    pipeline.deliver(*sample)
    pipeline.kill(pipeline.load_between_commits(FIRST))
    return pipeline.finish(FIRST)


@pytest.fixture(scope="session")
def batch_id(pipeline: Pipeline, first_run: States) -> str:
    """Return the sample's batch."""
    return pipeline.batch_of(FIRST)


@pytest.fixture(scope="session")
def ledger(pipeline: Pipeline, batch_id: str) -> dict[str, Any]:
    """Return the sample's ledger."""
    return pipeline.required_record(f"{batch_id}/load.json")
