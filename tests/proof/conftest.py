"""One Spark session and the project's contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lakehouse_spark.contract import Contract, read_contract
from pyspark.sql import SparkSession

from local_stack.paths import CONTRACT
from tests.proof.scenario import Uninterrupted
from tests.spark_sessions import lasting_settings, start_session

HERE = Path(__file__).parent


def pytest_configure() -> None:
    # It is no test module, and its comparisons are to be told in full too.
    pytest.register_assert_rewrite("tests.proof.comparison")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.glue)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Return a session with Delta on local folders."""
    session = start_session(lasting_settings(tmp_path_factory.mktemp("spark")))
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
