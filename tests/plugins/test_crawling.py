from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, TaskDeferred
from lakehouse_airflow.batches import BatchNotReady
from lakehouse_airflow.crawling import FreshCrawlOperator
from lakehouse_airflow.deployment import Deployment

from tests.plugins.airflow_fixtures import Record
from tests.plugins.publication_fixtures import CRAWLER, DATABASE, BatchTask, Lake, event_of

CONTEXT: Any = {"ti": BatchTask()}
MANY = 60  # looks at one table, so that a crawl takes its time


@pytest.fixture
def loaded(lake: Lake) -> Lake:
    """One table; the batch that is in it has passed the gate."""
    lake.write("processed/orders", order_id=[1])
    lake.put_ledger(orders={"inserted": 1})
    return lake


@pytest.fixture
def operator(deployment: Deployment) -> FreshCrawlOperator:
    return FreshCrawlOperator(task_id="run_crawler", deployment=deployment, batch_id="b1")


def deferred(step: Any, *arguments: Any) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        step(CONTEXT, *arguments)
    return caught.value


def finish(operator: FreshCrawlOperator, deferral: TaskDeferred) -> Any:
    """Wait as the triggerer does, and go on where the task wants to."""
    return getattr(operator, str(deferral.method_name))(CONTEXT, event_of(deferral.trigger))


def start_long_crawl(lake: Lake) -> None:
    location = f"s3://{lake.bucket.name}/processed/orders"
    target = {"DeltaTables": [location] * MANY, "CreateNativeDeltaTable": True}
    lake.glue.update_crawler(Name=CRAWLER, Targets={"DeltaTargets": [target]})
    lake.glue.start_crawler(Name=CRAWLER)


def crawled(lake: Lake) -> Record | None:
    name = "batches/b1/attempts/1/crawled.json"
    is_there = name in lake.bucket.listed("batches/b1/")
    return lake.bucket.record("b1/attempts/1/crawled.json") if is_there else None


def test_a_crawl_publishes_the_tables_and_is_written_down(
    loaded: Lake, operator: FreshCrawlOperator
) -> None:
    assert finish(operator, deferred(operator.execute)) == CRAWLER

    tables = loaded.glue.get_tables(DatabaseName=DATABASE)["TableList"]
    assert "orders" in [table["Name"] for table in tables]
    began = loaded.crawler()["LastCrawl"]["StartTime"].replace(tzinfo=None).isoformat()
    record = crawled(loaded)
    assert record is not None
    assert record["crawler"] == CRAWLER
    assert record["started_at"].startswith(began[:19])


def test_a_crawl_that_was_already_running_is_followed_by_another(
    loaded: Lake, operator: FreshCrawlOperator
) -> None:
    start_long_crawl(loaded)

    waiting = deferred(operator.execute)
    assert waiting.method_name == "execute_after_earlier_crawl"
    event = event_of(waiting.trigger)
    earlier = loaded.crawler()["LastCrawl"]
    assert crawled(loaded) is None

    finish(operator, deferred(operator.execute_after_earlier_crawl, event))

    assert loaded.crawler()["LastCrawl"]["StartTime"] > earlier["StartTime"]
    assert crawled(loaded) is not None


def test_how_the_earlier_crawl_ended_does_not_matter(
    loaded: Lake, operator: FreshCrawlOperator
) -> None:
    start_long_crawl(loaded)
    waiting = deferred(operator.execute)
    loaded.glue.stop_crawler(Name=CRAWLER)
    event = event_of(waiting.trigger)
    assert event["status"] == "error"

    finish(operator, deferred(operator.execute_after_earlier_crawl, event))

    assert loaded.crawler()["LastCrawl"]["Status"] == "SUCCEEDED"


def test_a_crawl_that_fails_fails_the_task_with_its_reason(
    loaded: Lake, operator: FreshCrawlOperator
) -> None:
    loaded.bucket.put("rejected/rows.parquet", "no table")

    with pytest.raises(AirflowException, match="rejected: no Delta log there"):
        finish(operator, deferred(operator.execute))
    assert crawled(loaded) is None


def test_clearing_the_task_crawls_once_more(loaded: Lake, operator: FreshCrawlOperator) -> None:
    finish(operator, deferred(operator.execute))
    first = loaded.crawler()["LastCrawl"]["StartTime"]

    finish(operator, deferred(operator.execute))

    assert loaded.crawler()["LastCrawl"]["StartTime"] > first


def test_after_an_undo_the_task_says_to_load_again(
    loaded: Lake, operator: FreshCrawlOperator
) -> None:
    loaded.undo()

    with pytest.raises(BatchNotReady, match="not loaded: clear load_delta"):
        operator.execute(CONTEXT)


def test_another_error_of_glue_is_the_task_s(loaded: Lake, operator: FreshCrawlOperator) -> None:
    loaded.glue.delete_crawler(Name=CRAWLER)

    with pytest.raises(Exception, match="EntityNotFound"):
        operator.execute(CONTEXT)
