"""What tests of a running stack start from; whoever imports these gives a ``stack``."""

from pathlib import Path

import pytest

from local_stack.airflow_api import AirflowApi
from local_stack.demo import password_of
from local_stack.deployment import read_deployment
from local_stack.sample import write_sample
from local_stack.stack_state import Stack
from tests.end_to_end.oracle import Expected, expect
from tests.end_to_end.pipeline import Pipeline


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
