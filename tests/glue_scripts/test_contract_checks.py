"""The checks that the contract amounts to, each over rows that fail just it."""

import pytest
from lakehouse_spark.contract import Contract, Dataset
from lakehouse_spark.contract_checks import contract_checks, parents_view
from lakehouse_spark.quality import CheckResult, scan
from lakehouse_spark.tables import dataset_schema
from pyspark.sql import SparkSession

SOUND = {
    "id": 1,
    "order_num": 1,
    "order_id": 1,
    "user_id": 7,
    "days_since_prior_order": None,
    "product_id": 3,
    "add_to_cart_order": 1,
    "reordered": 0,
    "order_timestamp": "2025-04-01 10:00:00",
    "total_amount": 10,
    "date": "2025-04-01",
    "order_date": "2025-04-01",
}
VALUES = "is one of the contract's values"
Row = dict[str, object]


@pytest.fixture(scope="module")
def datasets(contract: Contract) -> dict[str, Dataset]:
    """Return the contract's datasets by name."""
    return {dataset.name: dataset for dataset in contract.datasets}


def show(spark: SparkSession, dataset: Dataset, *rows: Row) -> None:
    """Make the dataset's view of sound rows, each with some values changed."""
    values = [{**SOUND, **row} for row in rows]
    names = [*dataset.column_names, "_batch_id", "_source_file", "_delivered_at"]
    texts = [tuple(_text(row.get(name)) for name in names) for row in values]
    text_df = spark.createDataFrame(texts, ", ".join(f"{name} string" for name in names))
    types = dict(part.rsplit(" ", 1) for part in dataset_schema(dataset).split(", "))
    columns = [f"cast({name} as {types.get(f'`{name}`', 'string')}) as {name}" for name in names]
    text_df.selectExpr(*columns).createOrReplaceTempView(dataset.name)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def failed_checks(spark: SparkSession, dataset: Dataset) -> list[CheckResult]:
    return scan(spark, contract_checks([dataset]), [], {}).failed


def failing_rows(spark: SparkSession, result: CheckResult) -> int:
    return spark.table(result.dataset).where(result.failing_rows or "false").count()


@pytest.mark.parametrize(
    ("rows", "failed", "failing"),
    [
        pytest.param([{}, {"order_id": 2}], [], [], id="sound"),
        pytest.param([{}, {"user_id": 8}], ["orders has each order_id once"], [2], id="key"),
        pytest.param([{"user_id": None}], ["orders.user_id is always there"], [1], id="missing"),
        pytest.param([{"total_amount": -1}], [f"orders.total_amount {VALUES}"], [1], id="range"),
        pytest.param(
            [{}, {"order_id": 2, "order_date": "2025-04-02"}],
            ["orders.order_date is to_date(order_timestamp)"],
            [1],
            id="derived",
        ),
        pytest.param(
            [{"order_date": None}],
            ["orders.order_date is to_date(order_timestamp)"],
            [1],
            id="derived null",
        ),
    ],
)
def test_rows_fail_the_check_that_is_about_them(
    spark: SparkSession,
    datasets: dict[str, Dataset],
    rows: list[Row],
    failed: list[str],
    failing: list[int],
) -> None:
    show(spark, datasets["orders"], *rows)
    found = failed_checks(spark, datasets["orders"])
    assert [each.name for each in found] == failed
    assert [failing_rows(spark, each) for each in found] == failing
    assert {(each.severity, each.threshold) for each in found} <= {("fail", "= 0")}


def test_a_value_must_have_a_parent_and_be_one_of_the_listed(
    spark: SparkSession, datasets: dict[str, Dataset]
) -> None:
    items = datasets["order_items"]
    show(spark, items, {}, {"product_id": 4}, {"product_id": 5, "reordered": 2})
    for reference, found in zip(items.references, ["1", "3, 4"], strict=True):
        parents_df = spark.sql(f"select explode(array({found})) as {reference.parent_column}")
        parents_df.createOrReplaceTempView(parents_view(items, reference))
    failed = failed_checks(spark, items)
    assert {each.name: failing_rows(spark, each) for each in failed} == {
        "order_items.product_id is in products": 1,
        f"order_items.reordered {VALUES}": 1,
    }


def test_the_columns_must_be_those_of_the_contract(
    spark: SparkSession, datasets: dict[str, Dataset]
) -> None:
    show(spark, datasets["orders"], {})
    rows_df = spark.table("orders")
    changed_df = rows_df.drop("total_amount").selectExpr("*", "double(1) as total_amount")
    changed_df.createOrReplaceTempView("orders")
    failed = failed_checks(spark, datasets["orders"])
    assert [each.name for each in failed] == ["orders has the contract's columns"]


def test_all_checks_of_a_dataset_are_three_queries_and_one_for_each_reference(
    spark: SparkSession, datasets: dict[str, Dataset]
) -> None:
    show(spark, datasets["orders"], {})
    made = scan(spark, contract_checks([datasets["orders"]]), [], {})
    assert len(made.results) > 10
    assert set(made.seconds) == {
        "orders.schema[orders]",
        "orders.aggregation[0]",
        "orders.order_id.duplicate_count",
    }
