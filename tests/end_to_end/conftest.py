"""One stack for all end-to-end tests, in a folder of its own beside whatever else runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.airflow_api import AirflowApi, read_password
from local_stack.airflow_server import AIRFLOW_HOME
from local_stack.deployment import read_deployment
from local_stack.stack import down, up
from tests.end_to_end.pipeline import Pipeline

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.end_to_end)


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Return the running pipeline; its processes end with the tests."""
    folder = tmp_path_factory.mktemp("stack")
    try:
        stack = up(folder)
        password = str(read_password(folder / AIRFLOW_HOME))
        yield Pipeline(AirflowApi(stack.airflow_url, password), read_deployment(), stack.endpoint)
    finally:
        down(folder)
