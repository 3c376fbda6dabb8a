"""One Spark session and the project's contract."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lakehouse_spark.contract import Contract, read_contract
from pyspark.sql import SparkSession

from tests.proof.scenario import Uninterrupted
from tests.proof.sessions import CONTRACT, start_session
from tests.spark_settings import settings_of_tests

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
    scratch = tmp_path_factory.mktemp("spark")
    session = start_session(scratch, settings_of_tests(scratch))
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
