"""One Spark session for all, a bucket that is a folder, and small deliveries to load from it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from lakehouse_spark.contract import Contract, read_contract
from pyspark.sql import SparkSession

from local_stack.paths import CONTRACT
from tests.glue_scripts.deliveries import deliver_first, deliver_loans
from tests.glue_scripts.shop import Shop
from tests.spark_sessions import lasting_settings, start_session

HERE = Path(__file__).parent
LIBRARY = HERE / "library.odcs.yaml"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.glue)


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Return the session that the jobs get too, with Delta on local folders."""
    session = start_session(lasting_settings(tmp_path_factory.mktemp("spark")))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def contract() -> Contract:
    """Return the project's contract."""
    return read_contract(CONTRACT)


@pytest.fixture
def shop(spark: SparkSession, contract: Contract, tmp_path: Path) -> Shop:
    """Return an empty bucket, with what delivers files to it and loads them."""
    return Shop(spark, contract, tmp_path)


@pytest.fixture(scope="session")
def first_load(
    spark: SparkSession, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """Return a shop with the batch ``first`` loaded; it is for looking only."""
    shop = Shop(spark, contract, tmp_path_factory.mktemp("first"))
    deliver_first(shop)
    shop.load(shop.plan("first"))
    return shop


@pytest.fixture
def loaded_shop(first_load: Shop, tmp_path: Path) -> Shop:
    """Return a shop of one's own with the batch ``first`` loaded."""
    return first_load.copy(tmp_path)


@pytest.fixture(scope="session")
def first_loans(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a library with the batch ``first`` loaded; it is for looking only."""
    library = Shop(spark, read_contract(LIBRARY), tmp_path_factory.mktemp("loans"))
    deliver_loans(library)
    library.load(library.plan("first"))
    return library


@pytest.fixture
def library(first_loans: Shop, tmp_path: Path) -> Shop:
    """Return a library of one's own with the batch ``first`` loaded."""
    return first_loans.copy(tmp_path)
