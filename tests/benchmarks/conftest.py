"""One Spark session for the tests of the benchmark, with the settings of the jobs' tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lakehouse_spark.contract import Contract, read_contract
from pyspark.sql import SparkSession

from benchmarks import ROOT
from benchmarks.job_code import JobCode, freeze_code
from benchmarks.shop_days import Shop
from tests.spark_sessions import brief_settings, start_session

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.glue)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Return a session with Delta on local folders."""
    session = start_session(brief_settings(tmp_path_factory.mktemp("spark")))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def code(tmp_path_factory: pytest.TempPathFactory) -> JobCode:
    """Return the code as a run of the benchmark freezes it."""
    return freeze_code(ROOT, tmp_path_factory.mktemp("frozen") / "code")


@pytest.fixture(scope="session")
def contract(code: JobCode) -> Contract:
    """Return the project's contract."""
    return read_contract(code.contract)


@pytest.fixture(scope="session")
def shop() -> Shop:
    """Return a shop with 20 orders a day and 30 products."""
    return Shop(orders_a_day=20, products=30)
