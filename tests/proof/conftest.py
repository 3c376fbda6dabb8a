"""One Spark session and the project's contract; what takes long runs with LAKEHOUSE_LONG=1."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lakehouse_spark.contract import Contract, read_contract
from pyspark.sql import SparkSession

from tests.proof.scenario import Uninterrupted
from tests.proof.sessions import CONTRACT, start_session

HERE = Path(__file__).parent
LONG = os.environ.get("LAKEHOUSE_LONG") == "1"


def pytest_configure(config: pytest.Config) -> None:
    # It is no test module, and its comparisons are to be told in full too.
    pytest.register_assert_rewrite("tests.proof.comparison")
    config.addinivalue_line("markers", "long: takes long; runs with LAKEHOUSE_LONG=1 or -m long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if HERE in item.path.parents]
    for item in ours:
        item.add_marker(pytest.mark.glue)
    if LONG or "long" in str(config.option.markexpr):
        return
    left_out = [item for item in ours if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Return a session with Delta on local folders."""
    session = start_session(tmp_path_factory.mktemp("spark"))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def contract() -> Contract:
    """Return the project's contract."""
    return read_contract(CONTRACT)


@pytest.fixture(scope="session")
def uninterrupted(
    spark: SparkSession, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Uninterrupted:
    """Return two batches before and after their loads; for looking and copying only."""
    return Uninterrupted(spark, contract, tmp_path_factory.mktemp("uninterrupted"))
