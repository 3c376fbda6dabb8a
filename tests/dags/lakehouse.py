"""A set-up AWS for runs of the DAG: tables to query, Glue scripts to choose, one file in raw/."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import boto3
import pyarrow as pa
from deltalake import write_deltalake

from local_aws.provision import INBOX, provision
from local_aws.settings import delta_storage_options
from tests.dags.glue_scripts import CHECK, LOAD, UNDO
from tests.plugins.airflow_fixtures import ROOT, Bucket, Queue

RAW_FILE = "raw/products/2025-04-01.csv"
PRODUCTS = "product_id,department_id,department,product_name\n1,1,bakery,bread\n"
DAY = pa.array(["2025-04-01"]).cast(pa.date32())
NOON = pa.array([dt.datetime(2025, 4, 1, 12, tzinfo=dt.UTC)])
BATCH = ["b1"]
TABLES: dict[str, dict[str, Any]] = {
    "processed/products": {"product_id": [1], "department": ["bakery"], "_batch_id": BATCH},
    "processed/orders": {
        "order_id": [1],
        "order_timestamp": NOON,
        "order_date": DAY,
        "_batch_id": BATCH,
    },
    "processed/order_items": {
        "order_id": [1],
        "product_id": [1],
        "order_timestamp": NOON,
        "order_date": DAY,
        "_batch_id": BATCH,
    },
    "rejected": {"reject_id": ["r1"]},
}


@dataclass(frozen=True)
class Lakehouse:
    """The bucket, and the queue that gets every message."""

    bucket: Bucket
    inbox: Queue

    def use(self, load: str = LOAD, check: str = CHECK, undo: str = UNDO) -> None:
        """Make these scripts the Glue jobs."""
        scripts = {"delta_lake_job": load, "quality_job": check, "undo_job": undo}
        for name, script in scripts.items():
            self.bucket.put(f"glue_assets/{name}.py", script)

    def withdraw_file(self) -> None:
        """Leave nothing in raw/."""
        self.bucket.s3.delete_object(Bucket=self.bucket.name, Key=RAW_FILE)

    def load_arguments(self) -> dict[str, str]:
        """Return the arguments of the newest Glue run that loads."""
        runs = boto3.client("glue").get_job_runs(JobName="Delta-lake-job")["JobRuns"]
        return runs[0]["Arguments"]

    def timed_tasks(self) -> set[str]:
        """Return the tasks of which CloudWatch was told how long they took."""
        listed = boto3.client("cloudwatch").list_metrics(
            Namespace="OrdersLakehouse", MetricName="ProcessingTime", Dimensions=[{"Name": "Task"}]
        )
        return {metric["Dimensions"][0]["Value"] for metric in listed["Metrics"]}

    def subjects(self) -> list[str]:
        """Return the subjects of the messages that people got, without the DAG run's name."""
        return [message["Subject"].partition(" (")[0] for message in self.inbox.messages()]


def set_up(endpoint: str) -> Lakehouse:
    """Set up the AWS at `endpoint`."""
    provision(ROOT, endpoint)
    bucket = Bucket(boto3.client("s3"), "delta-lake-bkt01")
    options = delta_storage_options(endpoint)
    for name, columns in TABLES.items():
        write_deltalake(f"s3://{bucket.name}/{name}", pa.table(columns), storage_options=options)
    bucket.put(RAW_FILE, PRODUCTS)
    sqs = boto3.client("sqs")
    inbox = Queue(sqs, sqs.get_queue_url(QueueName=INBOX)["QueueUrl"])
    lakehouse = Lakehouse(bucket, inbox)
    lakehouse.use()
    return lakehouse
