"""A refused batch's rejects: Parquet that Athena finds by the batch id in the query."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from local_aws.provision import provision
from local_stack.paths import ROOT
from local_stack.query import for_batch
from tests.local_aws.aws import Aws
from tests.local_aws.shop import NOON

FACTS = yaml.safe_load((ROOT / "infra/lakehouse.yaml").read_text())
BUCKET, DATABASE = FACTS["bucket"], FACTS["crawler"]["database"]
STRINGS = pa.map_(pa.string(), pa.string())
VIOLATION = "CONSTRAINT_VIOLATION: For the injected projected partition column batch_id"


def rejects(*rows: tuple[str, str, list[str], dict[str, str]], batch_id: str) -> bytes:
    """Return a Parquet file as Spark writes it: with times of 96 bits, and the batch id too."""
    datasets, statuses, reasons, records = zip(*rows, strict=True)
    table = pa.table({
        "reject_id": [f"r{number}" for number in range(len(rows))],
        "dataset": datasets,
        "category": ["data_quality"] * len(rows),
        "reasons": reasons,
        "raw_record": pa.array([list(record.items()) for record in records], STRINGS),
        "source_file": ["a.csv"] * len(rows),
        "delivered_at": pa.array([NOON] * len(rows), pa.timestamp("us", "UTC")),
        "batch_id": [batch_id] * len(rows),
        "status": statuses,
        "attempts": pa.array([1] * len(rows), pa.int32()),
    })
    content = io.BytesIO()
    pq.write_table(table, content, use_deprecated_int96_timestamps=True)
    return content.getvalue()


@pytest.fixture(scope="module", autouse=True)
def refused(aws: Aws) -> None:
    """Two refused batches, one of them in two files, as the load leaves them."""
    provision(ROOT, aws.endpoint)
    first = ("orders", "rejected", ["short_record", "missing_value:user_id"], {"order_id": "7"})
    second = ("orders", "rejected", ["short_record"], {"order_id": "8"})
    waiting = ("order_items", "parked", ["unknown_reference:order_id"], {"id": "9"})
    objects = {
        "b1/rejects/part-0.parquet": rejects(first, batch_id="b1"),
        "b1/rejects/part-1.parquet": rejects(second, waiting, batch_id="b1"),
        "b1/rejects/_SUCCESS": b"",
        "b1/rejects/_summary.json": b"{}",
        "b1/manifest.json": b"{}",
        "b2/rejects/part-0.parquet": rejects(second, batch_id="b2"),
    }
    for name, content in objects.items():
        aws.client("s3").put_object(Bucket=BUCKET, Key=f"batches/{name}", Body=content)


def test_a_refused_batch_is_read_by_its_id(aws: Aws) -> None:
    sql = (
        "SELECT reject_id, reasons, raw_record['order_id'], delivered_at, winner_file, attempts, "
        "batch_id FROM batch_rejects WHERE batch_id = 'b2'"
    )
    assert aws.rows(sql, DATABASE) == [
        ["r0", "[short_record]", "8", "2025-04-01 11:27:00.000", None, "1", "b2"]
    ]


def test_every_column_of_the_table_is_there(aws: Aws) -> None:
    execution = aws.query("SELECT * FROM batch_rejects WHERE batch_id = 'b1'", DATABASE)
    answer = aws.client("athena").get_query_results(QueryExecutionId=execution["QueryExecutionId"])
    info = answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
    [table] = [each for each in FACTS["external_tables"] if each["name"] == "batch_rejects"]
    assert [column["Name"] for column in info] == [*table["columns"], "batch_id"]
    assert {column["Name"]: column["Type"] for column in info}["last_seen_at"] == "timestamp"


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        pytest.param("batch_id = 'b1'", "3", id="one"),
        pytest.param("'b1' = batch_id", "3", id="the value first"),
        pytest.param("(status = 'rejected' AND (batch_id = 'b1'))", "2", id="among others"),
        pytest.param("batch_id IN ('b1', 'b2')", "4", id="two"),
        pytest.param("batch_id = 'nobody'", "0", id="a batch that was not refused"),
    ],
)
def test_the_batch_may_be_named_in_every_way_that_athena_takes(
    condition: str, count: str, aws: Aws
) -> None:
    assert aws.rows(f"SELECT count(*) FROM batch_rejects WHERE {condition}", DATABASE) == [[count]]


def test_two_batches_can_be_compared(aws: Aws) -> None:
    sql = (
        "SELECT a.batch_id, b.batch_id FROM batch_rejects a JOIN batch_rejects b "
        "ON a.raw_record['order_id'] = b.raw_record['order_id'] "
        "WHERE a.batch_id = 'b1' AND b.batch_id = 'b2'"
    )
    assert aws.rows(sql, DATABASE) == [["b1", "b2"]]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM batch_rejects",
        "SELECT * FROM batch_rejects WHERE status = 'rejected'",
        "SELECT * FROM batch_rejects WHERE batch_id > 'a'",
        "SELECT * FROM batch_rejects WHERE batch_id = dataset",
        "SELECT * FROM batch_rejects WHERE batch_id = 'b1' OR status = 'rejected'",
        "SELECT 1 FROM batch_rejects a, batch_rejects b WHERE a.batch_id = 'b1'",
    ],
)
def test_a_query_that_names_no_batch_fails_as_in_athena(sql: str, aws: Aws) -> None:
    status = aws.query(sql, DATABASE)["Status"]
    assert status["State"] == "FAILED"
    assert VIOLATION in status["StateChangeReason"]


def test_the_ready_query_tells_why_a_batch_was_refused(aws: Aws) -> None:
    text = (ROOT / "include/sql/rejects_by_reason.sql").read_text()
    assert aws.rows(for_batch(text, "b1"), DATABASE) == [
        ["orders", "data_quality", "short_record", "a.csv", "2"],
        ["orders", "data_quality", "missing_value:user_id", "a.csv", "1"],
    ]


def test_a_table_of_another_kind_is_refused(aws: Aws) -> None:
    descriptor = {"Columns": [{"Name": "a", "Type": "int"}], "Location": f"s3://{BUCKET}/csv/"}
    table = {"Name": "plain", "StorageDescriptor": descriptor, "Parameters": {}}
    aws.client("glue").create_table(DatabaseName=DATABASE, TableInput=table)
    status = aws.query("SELECT * FROM plain", DATABASE)["Status"]
    assert "NOT_SUPPORTED" in status["StateChangeReason"]
    assert "plain" in status["StateChangeReason"]
