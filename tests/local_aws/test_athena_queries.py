"""Athena: queries over catalog tables, their results and their ends."""

import re
from functools import partial
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from local_aws.athena_queries import AT_A_TIME
from tests.local_aws.aws import BUCKET, Aws, wait_for
from tests.local_aws.shop import ORDERS, REJECTED, crawl, write_table


@pytest.fixture(scope="session", autouse=True)
def shop(aws: Aws) -> None:
    """Make a database with tables of every kind of column."""
    tables = {"orders": ORDERS, "rejected": REJECTED, "empty": ORDERS.slice(0, 0)}
    locations = [
        write_table(
            aws, f"shop/{name}", table, partition_by=["order_date"] if name == "orders" else None
        )
        for name, table in tables.items()
    ]
    assert crawl(aws, "shop", "shop", *locations)["Status"] == "SUCCEEDED"


def results(aws: Aws, execution: dict[str, Any], **page: Any) -> dict[str, Any]:
    answer: dict[str, Any] = aws.client("athena").get_query_results(
        QueryExecutionId=execution["QueryExecutionId"], **page
    )
    return answer


def state(aws: Aws, query_id: str) -> str:
    answer = aws.client("athena").get_query_execution(QueryExecutionId=query_id)
    return str(answer["QueryExecution"]["Status"]["State"])


def is_running(aws: Aws, query_id: str) -> bool:
    return state(aws, query_id) == "RUNNING"


def result_file(aws: Aws, execution: dict[str, Any]) -> str:
    location = execution["ResultConfiguration"]["OutputLocation"]
    key = location.removeprefix(f"s3://{BUCKET}/")
    content: bytes = aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    return content.decode()


def test_rows_come_back_as_athena_writes_them(aws: Aws) -> None:
    assert aws.rows("SELECT * FROM orders ORDER BY order_id") == [
        ["1", "1", "10.05", "2025-04-01 11:27:00.000", "2025-04-01"],
        ["2", "2", "20.00", "2025-04-02 11:27:00.000", "2025-04-02"],
        ["3", None, None, None, "2025-04-02"],
    ]


def test_nested_values_come_back_as_athena_writes_them(aws: Aws) -> None:
    assert aws.rows("SELECT reasons, raw_record, place FROM rejected ORDER BY reject_id") == [
        [
            "[bad_number:total_amount, missing_value:user_id]",
            "{order_id=7, user_id=null}",
            "{line=3, file=a.csv}",
        ],
        [None, None, None],
    ]


def test_parts_of_nested_values_can_be_asked_for(aws: Aws) -> None:
    sql = (
        "SELECT place.line, raw_record['order_id'], reasons[1] FROM rejected WHERE reject_id = 'a'"
    )
    assert aws.rows(sql) == [["3", "7", "bad_number:total_amount"]]


def test_the_first_row_names_the_columns_and_the_metadata_types_them(aws: Aws) -> None:
    execution = aws.query("SELECT order_id AS id, total_amount, count(*) FROM orders GROUP BY 1, 2")
    result = results(aws, execution)["ResultSet"]
    first = [value["VarCharValue"] for value in result["Rows"][0]["Data"]]
    assert first == ["id", "total_amount", "_col2"]
    info = result["ResultSetMetadata"]["ColumnInfo"]
    assert [column["Name"] for column in info] == first
    assert [column["Type"] for column in info] == ["bigint", "decimal", "bigint"]
    assert (info[1]["Precision"], info[1]["Scale"]) == (12, 2)


def test_results_come_in_pages(aws: Aws) -> None:
    execution = aws.query("SELECT order_id FROM orders ORDER BY 1")
    first = results(aws, execution, MaxResults=3)
    rest = results(aws, execution, MaxResults=3, NextToken=first["NextToken"])
    assert [len(page["ResultSet"]["Rows"]) for page in (first, rest)] == [3, 1]
    assert rest["ResultSet"]["Rows"][0]["Data"] == [{"VarCharValue": "3"}]
    assert "NextToken" not in rest


def test_the_result_file_quotes_values_and_leaves_nulls_empty(aws: Aws) -> None:
    execution = aws.query("SELECT reject_id, note, place FROM rejected ORDER BY reject_id")
    location = execution["ResultConfiguration"]["OutputLocation"]
    query_id = execution["QueryExecutionId"]
    assert location == f"s3://{BUCKET}/athena_queries/{query_id}.csv"
    assert result_file(aws, execution) == (
        '"reject_id","note","place"\n"a","says ""no"", twice","{line=3, file=a.csv}"\n"b","",\n'
    )


def test_an_empty_table_answers_with_no_rows(aws: Aws) -> None:
    assert aws.rows("SELECT order_id FROM empty") == []
    assert aws.rows("SELECT count(*) FROM empty") == [["0"]]


def test_a_query_reads_what_was_committed_last(aws: Aws) -> None:
    location = write_table(aws, "growing/numbers", pa.table({"n": [1]}))
    crawl(aws, "growing", "growing", location)
    write_table(aws, "growing/numbers", pa.table({"n": [2]}))
    assert aws.rows("SELECT sum(n) FROM numbers", "growing") == [["3"]]


def test_tables_can_be_named_with_their_database(aws: Aws) -> None:
    assert aws.rows("SELECT count(*) FROM shop.orders", database=None) == [["3"]]
    assert aws.rows("SELECT count(*) FROM awsdatacatalog.shop.orders", database=None) == [["3"]]


def test_filters_on_partitions_and_timestamps_hold(aws: Aws) -> None:
    by_date = "SELECT count(*) FROM orders WHERE order_date = DATE '2025-04-02'"
    by_time = "SELECT order_id FROM orders WHERE order_timestamp >= TIMESTAMP '2025-04-02 00:00:00'"
    assert aws.rows(by_date) == [["2"]]
    assert aws.rows(by_time) == [["2"]]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        pytest.param("SELECT * FROM nobody", "TABLE_NOT_FOUND", id="unknown table"),
        pytest.param("SELECT * FROM nowhere.orders", "SCHEMA_NOT_FOUND", id="unknown database"),
        pytest.param("SELECT nope FROM orders", "COLUMN_NOT_FOUND.*'nope'", id="unknown column"),
        pytest.param("SELECT * FROM orders WHERE", "SYNTAX_ERROR: line 1:", id="syntax error"),
        pytest.param("SELECT nope(1)", "FUNCTION_NOT_FOUND.*nope", id="unknown function"),
        pytest.param("SELECT CAST('x' AS bigint)", "INVALID_CAST", id="bad cast"),
        pytest.param("DROP TABLE orders", "NOT_SUPPORTED.*SELECT.*DROP", id="not a SELECT"),
        pytest.param("SELECT * FROM read_csv('/etc/passwd')", "FUNCTION_NOT_FOUND", id="a file"),
        pytest.param("SELECT 1; SELECT 2", "SYNTAX_ERROR", id="two statements"),
    ],
)
def test_a_bad_query_fails_with_its_reason(aws: Aws, sql: str, reason: str) -> None:
    status = aws.query(sql)["Status"]
    assert status["State"] == "FAILED"
    assert re.search(reason, status["StateChangeReason"]), status


def test_a_table_without_its_delta_log_fails_the_query(aws: Aws) -> None:
    location = write_table(aws, "lost/gone", pa.table({"n": [1]}))
    crawl(aws, "lost", "lost", location)
    log = f"{location.removeprefix(f's3://{BUCKET}/')}/_delta_log/00000000000000000000.json"
    aws.client("s3").delete_object(Bucket=BUCKET, Key=log)
    status = aws.query("SELECT * FROM gone", "lost")["Status"]
    assert status["State"] == "FAILED"
    assert f"{location}: no Delta log there" in status["StateChangeReason"]


def test_a_result_that_cannot_be_written_fails_the_query(aws: Aws) -> None:
    started = aws.client("athena").start_query_execution(
        QueryString="SELECT 1", ResultConfiguration={"OutputLocation": "s3://no-such-bucket/"}
    )
    status = aws.wait_for_query(started["QueryExecutionId"])["Status"]
    assert status["State"] == "FAILED"
    assert "no-such-bucket" in status["StateChangeReason"]


def test_a_query_needs_a_place_for_its_result(aws: Aws) -> None:
    with pytest.raises(ClientError, match="No output location provided"):
        aws.client("athena").start_query_execution(QueryString="SELECT 1")


def test_there_is_the_primary_workgroup_and_no_other(aws: Aws) -> None:
    athena = aws.client("athena")
    assert [one["Name"] for one in athena.list_work_groups()["WorkGroups"]] == ["primary"]
    assert aws.query("SELECT 1", WorkGroup="primary")["WorkGroup"] == "primary"
    with pytest.raises(ClientError, match="WorkGroup other is not found"):
        aws.query("SELECT 1", WorkGroup="other")


def test_the_same_token_starts_a_query_once(aws: Aws) -> None:
    token = {"ClientRequestToken": "t" * 32}
    first, second = (aws.query("SELECT 1", **token) for _ in range(2))
    assert first["QueryExecutionId"] == second["QueryExecutionId"]
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        aws.query("SELECT 2", **token)


def test_stopped_queries_are_cancelled_and_make_room_for_others(aws: Aws) -> None:
    athena = aws.client("athena")
    numbers = ", ".join(f"unnest(sequence(1, 9999)) t{n}(a)" for n in range(4))
    place = {"OutputLocation": f"s3://{BUCKET}/athena_queries/"}
    endless = [
        athena.start_query_execution(
            QueryString=f"SELECT count(*) FROM {numbers}", ResultConfiguration=place
        )["QueryExecutionId"]
        for _ in range(AT_A_TIME)
    ]
    for query_id in endless:
        wait_for(partial(is_running, aws, query_id))
    for query_id in endless:
        athena.stop_query_execution(QueryExecutionId=query_id)
        assert state(aws, query_id) == "CANCELLED"
    assert aws.query("SELECT 1")["Status"]["State"] == "SUCCEEDED"


def test_results_of_a_failed_query_are_refused(aws: Aws) -> None:
    with pytest.raises(ClientError, match="Final query state: FAILED"):
        results(aws, aws.query("SELECT nope FROM orders"))


def test_queries_are_listed_newest_first_with_their_times(aws: Aws) -> None:
    execution = aws.query("SELECT 1")
    query_id = execution["QueryExecutionId"]
    athena = aws.client("athena")
    assert athena.list_query_executions()["QueryExecutionIds"][0] == query_id
    (found,) = athena.batch_get_query_execution(QueryExecutionIds=[query_id])["QueryExecutions"]
    assert found["Status"] == execution["Status"]
    assert "DataScannedInBytes" not in execution["Statistics"]
    statistics = athena.get_query_runtime_statistics(QueryExecutionId=query_id)
    assert statistics["QueryRuntimeStatistics"]["Rows"]["OutputRows"] == 1
