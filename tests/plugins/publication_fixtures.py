"""A loaded batch whose tables a crawler can find and Athena can read."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import boto3
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from local_aws.provision import provision
from local_aws.settings import delta_storage_options
from tests.plugins.airflow_fixtures import ROOT, Bucket, Record
from tests.plugins.glue_fixtures import TaskInstance, wait_until

CRAWLER, DATABASE = "delta_crawler", "delta_db"
OUTCOMES = ("inserted", "updated", "unchanged", "duplicate", "rejected", "parked", "stale")
DAYS = [dt.date(2025, 4, 1), dt.date(2025, 4, 2), dt.date(2025, 4, 2)]
TIMES = [dt.datetime(day.year, day.month, day.day, 11, 27, tzinfo=dt.UTC) for day in DAYS]


class BatchTask(TaskInstance):
    """A task instance of a run that works on batch b1."""

    def xcom_pull(self, task_ids: str, key: str = "return_value") -> str:
        assert (task_ids, key) == ("plan_batch", "return_value")
        return "b1"


@dataclass(frozen=True)
class Lake:
    """The set-up bucket with its crawler; batch b1 has passed the gate."""

    bucket: Bucket
    endpoint: str
    glue: Any = field(default_factory=lambda: boto3.client("glue"))

    def write(self, folder: str, partition_by: str | None = None, **columns: Any) -> None:
        """Append rows to a Delta table."""
        write_deltalake(
            f"s3://{self.bucket.name}/{folder}",
            pa.table(columns),
            mode="append",
            partition_by=partition_by,
            storage_options=delta_storage_options(self.endpoint),
        )

    def write_orders(self, batch_id: str, order_ids: list[int], **columns: Any) -> None:
        """Append at most three orders of a batch."""
        data = {"order_timestamp": TIMES, "order_date": DAYS, **columns}
        rows = {name: values[: len(order_ids)] for name, values in data.items()}
        self.write(
            "processed/orders",
            partition_by="order_date",
            order_id=order_ids,
            _batch_id=[batch_id] * len(order_ids),
            **rows,
        )

    def write_items(self, batch_id: str, order_ids: list[int]) -> None:
        """Append an item of product 1 to each of these orders."""
        count = len(order_ids)
        self.write(
            "processed/order_items",
            partition_by="order_date",
            order_id=order_ids,
            product_id=[1] * count,
            order_timestamp=TIMES[:count],
            order_date=DAYS[:count],
            _batch_id=[batch_id] * count,
        )

    def write_product(self, batch_id: str, product_id: int) -> None:
        """Append a product."""
        self.write(
            "processed/products",
            product_id=[product_id],
            department=["bakery"],
            _batch_id=[batch_id],
        )

    def put_ledger(self, **outcomes: Record) -> None:
        """Make b1 a loaded batch that has passed, with these outcomes of its datasets."""
        datasets = {name: counts(**each) for name, each in outcomes.items()}
        self.bucket.put_batch(
            load={"datasets": datasets, "rejected": {"base_version": 2, "new_version": 3}}
        )
        self.bucket.put_record("b1/attempts/1/verdict.json", {"verdict": "pass"})

    def undo(self) -> None:
        """Take the batch back."""
        self.bucket.put_record("b1/attempts/1/undo_started.json", {"ledger": {}})
        self.bucket.put_record("b1/attempts/1/undone.json", {})
        self.bucket.s3.delete_object(Bucket=self.bucket.name, Key="batches/b1/load.json")

    def crawl(self) -> None:
        """Run the crawler to its end."""
        self.glue.start_crawler(Name=CRAWLER)
        wait_until(lambda: self.crawler()["State"] == "READY")
        assert self.crawler()["LastCrawl"]["Status"] == "SUCCEEDED"

    def crawler(self) -> dict[str, Any]:
        """Return the crawler as Glue shows it."""
        crawler: dict[str, Any] = self.glue.get_crawler(Name=CRAWLER)["Crawler"]
        return crawler


@pytest.fixture
def lake(aws: str) -> Lake:
    """The deployment, set up, without a table."""
    provision(ROOT, aws)
    return Lake(Bucket(boto3.client("s3"), "delta-lake-bkt01"), aws)


def counts(parked: dict[str, int] | None = None, **outcomes: int) -> Record:
    """Return a dataset's part of the ledger: outcomes of its rows, and of those parked before."""
    none = dict.fromkeys(OUTCOMES, 0)
    return {
        "outcomes": {**none, **outcomes},
        "parked": {"outcomes": {**none, **(parked or {})}},
        "new_version": 1,
    }


def event_of(trigger: Any) -> dict[str, Any]:
    """Return what a trigger of the provider fires with, looking more often than it would."""
    trigger.waiter_delay = 0.05

    async def first() -> dict[str, Any]:
        async for event in trigger.run():
            payload: dict[str, Any] = event.payload
            return payload
        raise AssertionError("the trigger ended without an event")

    return asyncio.run(first())
