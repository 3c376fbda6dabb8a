from typing import Any

import pytest
from airflow.sdk import DAG
from airflow.sdk.exceptions import TaskDeferred
from lakehouse_airflow.batches import BatchNotReady
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.verification import (
    VERIFICATIONS,
    ReadersSeeOtherwise,
    VerifyingAthenaOperator,
)

from tests.plugins.airflow_fixtures import ROOT
from tests.plugins.publication_fixtures import DAYS, BatchTask, Lake, event_of

CONTEXT: Any = {"ti": BatchTask()}
TEMPLATES = DAG("any", template_searchpath=[str(ROOT / "include" / "sql")], schedule=None)


@pytest.fixture
def crawled(lake: Lake) -> Lake:
    """Batch b1 is loaded, has passed and is crawled: two orders, two items, a product.

    Order 7 is of an older batch. One of the items was parked before b1.
    """
    lake.write_orders("older", [7])
    lake.write_orders("b1", [1, 2])
    lake.write_items("b1", [1, 7])
    lake.write_product("b1", 1)
    lake.put_ledger(
        orders={"inserted": 1, "updated": 1, "unchanged": 5, "stale": 1},
        order_items={"inserted": 1, "parked": 3, "rejected": 2} | {"parked": {"inserted": 1}},
        products={"inserted": 1},
    )
    lake.crawl()
    lake.bucket.put_record("b1/attempts/1/crawled.json", {})
    return lake


class Verify:
    """Runs a verification as Airflow would: render, defer, wait, compare."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment

    def __call__(self, verification: str) -> str:
        operator = VerifyingAthenaOperator(
            task_id=f"query_{verification}",
            deployment=self.deployment,
            batch_id="b1",
            verification=verification,
        )
        operator.render_template_fields(CONTEXT, TEMPLATES.get_template_env())
        with pytest.raises(TaskDeferred) as caught:
            operator.execute(CONTEXT)
        assert caught.value.method_name == "execute_complete"
        return operator.execute_complete(CONTEXT, event_of(caught.value.trigger))


@pytest.fixture
def verify(deployment: Deployment) -> Verify:
    return Verify(deployment)


@pytest.mark.parametrize("name", VERIFICATIONS)
def test_a_batch_that_readers_see_as_the_ledger_has_it_is_verified(
    name: str, crawled: Lake, verify: Verify
) -> None:
    query_id = verify(name)

    record = crawled.bucket.record(f"b1/attempts/1/verified/{name}.json")
    rows = {"orders": 2, "order_items": 2, "products": 1}
    assert record["rows"] == {dataset: rows[dataset] for dataset in VERIFICATIONS[name]}
    assert record["query_id"] == query_id
    assert f"athena_queries/{query_id}.csv" in crawled.bucket.listed("athena_queries/")


def test_a_row_that_nobody_counted_fails_with_both_numbers(crawled: Lake, verify: Verify) -> None:
    crawled.write_orders("b1", [3])

    with pytest.raises(
        ReadersSeeOtherwise,
        match=r"^batch b1, query .+ of rows_per_batch.sql: orders: Athena counts 3 rows, the "
        r"ledger 2$",
    ):
        verify("rows_per_batch")
    assert not any("/verified/" in name for name in crawled.bucket.listed("batches/b1/"))


def test_every_dataset_that_differs_is_named(crawled: Lake, verify: Verify) -> None:
    crawled.write_orders("b1", [3])
    crawled.write_product("b1", 2)

    with pytest.raises(ReadersSeeOtherwise, match=r"orders: .* 3 .* 2; products: .* 2 .* 1$"):
        verify("rows_per_batch")


@pytest.mark.parametrize("day", [DAYS[1], None], ids=["of another day", "of no day"])
def test_a_row_in_the_wrong_partition_is_missed_by_day(
    day: Any, crawled: Lake, verify: Verify
) -> None:
    crawled.write_orders("b1", [3], order_date=[day])
    crawled.put_ledger(orders={"inserted": 3}, order_items={"inserted": 2}, products={"updated": 1})

    verify("rows_per_batch")
    with pytest.raises(ReadersSeeOtherwise, match=r"orders: Athena counts 2 rows, the ledger 3$"):
        verify("partition_pruning")


def test_an_item_without_its_order_is_missed_by_the_join(crawled: Lake, verify: Verify) -> None:
    crawled.write_items("b1", [99])
    crawled.put_ledger(orders={"inserted": 2}, order_items={"inserted": 3}, products={"updated": 1})

    verify("rows_per_batch")
    with pytest.raises(ReadersSeeOtherwise, match=r"order_items: Athena counts 2 .* ledger 3$"):
        verify("tables_joined")


def test_an_empty_answer_counts_as_no_rows(lake: Lake, verify: Verify) -> None:
    lake.write_orders("b1", [1])
    lake.write_items("b1", [1])
    lake.write_product("older", 5)
    lake.put_ledger(orders={"inserted": 1}, order_items={"inserted": 1}, products={})
    lake.crawl()
    lake.bucket.put_record("b1/attempts/1/crawled.json", {})

    with pytest.raises(ReadersSeeOtherwise, match=r"order_items: Athena counts 0 .* ledger 1$"):
        verify("tables_joined")


def test_a_published_batch_is_not_held_to_rows_that_later_batches_replaced(
    crawled: Lake, verify: Verify
) -> None:
    crawled.bucket.put_batch(published={"attempt": 1})
    crawled.write_orders("b1", [3])

    verify("rows_per_batch")


def test_a_batch_that_was_published_in_an_earlier_attempt_is(crawled: Lake, verify: Verify) -> None:
    crawled.bucket.put_batch(published={"attempt": 1})
    crawled.undo()
    crawled.put_ledger(orders={"inserted": 9}, order_items={}, products={})
    crawled.bucket.put_record("b1/attempts/2/verdict.json", {"verdict": "pass"})
    crawled.bucket.put_record("b1/attempts/2/crawled.json", {})

    with pytest.raises(ReadersSeeOtherwise, match=r"orders: Athena counts 2 rows, the ledger 9"):
        verify("rows_per_batch")


def test_after_an_undo_the_task_says_to_load_again(crawled: Lake, verify: Verify) -> None:
    crawled.undo()

    with pytest.raises(BatchNotReady, match="not loaded: clear load_delta"):
        verify("rows_per_batch")
    assert crawled.bucket.listed("athena_queries/") == []


def test_a_batch_that_is_not_crawled_says_to_clear_the_crawl(crawled: Lake, verify: Verify) -> None:
    name = "batches/b1/attempts/1/crawled.json"
    crawled.bucket.s3.delete_object(Bucket=crawled.bucket.name, Key=name)

    with pytest.raises(BatchNotReady, match="not crawled: clear run_crawler"):
        verify("rows_per_batch")
