"""One stack for all end-to-end tests, in a folder of its own beside whatever else runs."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_stack.airflow_api import AirflowApi
from local_stack.demo import password_of
from local_stack.deployment import read_deployment
from local_stack.sample import write_sample
from local_stack.stack import down, up
from local_stack.stack_state import Stack
from tests.end_to_end.oracle import Expected, expect
from tests.end_to_end.pipeline import FIRST, Pipeline, States

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
def pipeline(stack: Stack) -> Pipeline:
    """Return the running pipeline."""
    api = AirflowApi(stack.airflow_url, password_of(stack))
    return Pipeline(api, read_deployment(), stack.endpoint)


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the sample's files."""
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def expected(sample: list[Path]) -> Expected:
    """Return what a first load of the sample must give."""
    return expect(sample[0].parents[1])


@pytest.fixture(scope="session")
def first_run(pipeline: Pipeline, sample: list[Path]) -> States:
    """Load the sample; its Glue run dies between two commits. Return how the tasks ended."""
    pipeline.deliver(*sample)
    pipeline.start(FIRST)
    run_id = pipeline.running_load()
    pipeline.wait(lambda: pipeline.has_commit("products"))
    pipeline.kill(run_id)
    return pipeline.finish(FIRST)


@pytest.fixture(scope="session")
def batch_id(pipeline: Pipeline, first_run: States) -> str:
    """Return the sample's batch."""
    return pipeline.batch_of(FIRST)


@pytest.fixture(scope="session")
def ledger(pipeline: Pipeline, batch_id: str) -> dict[str, Any]:
    """Return the sample's ledger."""
    return pipeline.required_record(f"{batch_id}/load.json")
