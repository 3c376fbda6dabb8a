"""The queries in the messages about failures: each runs, and answers of the batch it names."""

import datetime as dt
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from lakehouse_airflow.queries import query_about

from local_aws.provision import provision
from local_stack.paths import ROOT
from tests.local_aws.aws import Aws
from tests.local_aws.shop import NOON, crawl, write_table

FACTS = yaml.safe_load((ROOT / "infra/lakehouse.yaml").read_text())
DATABASE = FACTS["crawler"]["database"]

REJECTS = pa.table({
    "dataset": ["orders", "orders", "products"],
    "category": ["schema_validation", "data_quality", "data_quality"],
    "reasons": [["short_record"], ["short_record", "missing_value:user_id"], ["short_record"]],
    "batch_id": ["b1", "b1", "b2"],
})  # fmt: skip

FAILING_ROWS = pa.table({
    "dataset": ["orders", "orders"],
    "check_name": ["user_id is there", "user_id is there"],
    "severity": ["fail", "fail"],
})  # fmt: skip

TODAY = dt.datetime.now(dt.UTC).date()
ORDERS = pa.table({
    "order_date": [TODAY, TODAY, TODAY, dt.date(2020, 1, 1)],
    "_batch_id": ["b1", "b1", "b2", "b3"],
    "_delivered_at": pa.array([NOON] * 2 + [NOON + dt.timedelta(1)] * 2, pa.timestamp("us", "UTC")),
})  # fmt: skip


def parquet(table: pa.Table) -> bytes:
    content = io.BytesIO()
    pq.write_table(table, content)
    return content.getvalue()


@pytest.fixture(scope="module", autouse=True)
def tables(aws: Aws) -> None:
    """What failed batches leave, in the project's database; the crawled tables in another."""
    provision(ROOT, aws.endpoint)
    for folder, table in (("rejects", REJECTS), ("failing_rows", FAILING_ROWS)):
        key = f"batches/b1/{folder}/part-0.parquet"
        aws.client("s3").put_object(Bucket=FACTS["bucket"], Key=key, Body=parquet(table))
    locations = [write_table(aws, "alerts/rejected", REJECTS)]
    locations.append(write_table(aws, "alerts/orders", ORDERS))
    assert crawl(aws, "alerts", "alerts", *locations)["Status"] == "SUCCEEDED"


def ask(aws: Aws, database: str, task_id: str, batch_id: str | None) -> list[list[str | None]]:
    return aws.rows(query_about(task_id, batch_id)[1], database)


def test_of_a_refused_batch_the_rejects_are_counted_by_reason(aws: Aws) -> None:
    assert ask(aws, DATABASE, "load_delta", "b1") == [
        ["orders", "data_quality", "missing_value:user_id", "1"],
        ["orders", "data_quality", "short_record", "1"],
        ["orders", "schema_validation", "short_record", "1"],
        ["products", "data_quality", "short_record", "1"],
    ]


def test_of_a_batch_that_was_not_refused_nothing_is_counted(aws: Aws) -> None:
    assert ask(aws, DATABASE, "load_delta", "b2") == []


def test_of_a_batch_with_failed_checks_the_rows_are_counted_by_check(aws: Aws) -> None:
    assert ask(aws, DATABASE, "quality_gate", "b1") == [["orders", "fail", "user_id is there", "2"]]


def test_of_a_loaded_batch_its_own_rejects_are_counted(aws: Aws) -> None:
    assert ask(aws, "alerts", "archive_files", "b2") == [
        ["products", "data_quality", "short_record", "1"]
    ]


def test_without_a_batch_the_newest_ones_are_listed(aws: Aws) -> None:
    answer = ask(aws, "alerts", "plan_batch", None)

    assert [(row[0], row[2]) for row in answer] == [("b2", "1"), ("b1", "2")]
