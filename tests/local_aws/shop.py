"""A small shop's Delta tables in local S3, written by delta-rs as any other writer would."""

import datetime as dt
from decimal import Decimal
from typing import Literal

import pyarrow as pa
from deltalake import write_deltalake

from local_aws.settings import delta_storage_options
from tests.local_aws.aws import BUCKET, Aws, wait_for

NOON = dt.datetime(2025, 4, 1, 11, 27, tzinfo=dt.UTC)
TIMES = [NOON, NOON + dt.timedelta(days=1), None]

ORDERS = pa.table({
    "order_id": pa.array([1, 2, 3], pa.int64()),
    "order_num": pa.array([1, 2, None], pa.int32()),
    "total_amount": pa.array([Decimal("10.05"), Decimal("20.00"), None], pa.decimal128(12, 2)),
    "order_timestamp": pa.array(TIMES, pa.timestamp("us", "UTC")),
    "order_date": [dt.date(2025, 4, 1), dt.date(2025, 4, 2), dt.date(2025, 4, 2)],
})  # fmt: skip

REJECTED = pa.table({
    "reject_id": ["a", "b"],
    "reasons": [["bad_number:total_amount", "missing_value:user_id"], None],
    "raw_record": pa.array(
        [[("order_id", "7"), ("user_id", None)], None], pa.map_(pa.string(), pa.string())
    ),
    "place": [{"line": 3, "file": "a.csv"}, None],
    "note": ['says "no", twice', ""],
})  # fmt: skip


def write_table(
    aws: Aws, folder: str, data: pa.Table, mode: Literal["append", "overwrite"] = "append",
    partition_by: list[str] | None = None, merge_schema: bool = False,
) -> str:  # fmt: skip
    """Return the location of a Delta table to which `data` was written."""
    location = f"s3://{BUCKET}/{folder}"
    write_deltalake(
        location,
        data,
        mode=mode,
        partition_by=partition_by,
        schema_mode="merge" if merge_schema else None,
        storage_options=delta_storage_options(aws.endpoint),
    )
    return location


def crawl(aws: Aws, name: str, database: str, *locations: str) -> dict[str, object]:
    """Return the ended crawl of the tables; crawler and database are made at need."""
    glue = aws.client("glue")
    targets = {"DeltaTargets": [{"DeltaTables": locations, "CreateNativeDeltaTable": True}]}
    if name not in glue.list_crawlers()["CrawlerNames"]:
        glue.create_crawler(Name=name, Role="glue", DatabaseName=database, Targets=targets)
    if database not in [one["Name"] for one in glue.get_databases()["DatabaseList"]]:
        glue.create_database(DatabaseInput={"Name": database})
    glue.start_crawler(Name=name)
    wait_for(lambda: glue.get_crawler(Name=name)["Crawler"]["State"] == "READY")
    last: dict[str, object] = glue.get_crawler(Name=name)["Crawler"]["LastCrawl"]
    return last
