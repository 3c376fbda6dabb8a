"""Ask the local Athena."""

import re
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import boto3
from mypy_boto3_athena import AthenaClient
from rich.console import Console

from local_stack.deployment import Deployment, read_deployment
from local_stack.environment import enter
from local_stack.paths import LOCAL
from local_stack.stack_state import running_stack
from local_stack.tables import make_table

POLL_SECONDS = 0.2
MOST_ROWS = 1000
# Where include/sql/ has the batch of the DAG run.
RUN_S_BATCH = re.compile(r"{{ ti\.xcom_pull\(.*?\) }}")
NUMERIC = {"tinyint", "smallint", "integer", "bigint", "float", "real", "double", "decimal"}


class QueryFailed(Exception):
    """Athena could not answer; the message is its reason."""


@dataclass(frozen=True)
class Answer:
    """Rows of text in named columns; None is null."""

    columns: list[str]
    numeric: list[str]
    rows: list[list[str | None]]


def for_batch(sql: str, batch_id: str) -> str:
    """Return a query of ``include/sql`` with this batch in the place of the DAG run's."""
    return RUN_S_BATCH.sub(lambda _: batch_id, sql)


def run_query(athena: AthenaClient, deployment: Deployment, sql: str) -> tuple[str, str]:
    """Return id and result location (``s3://…``) of the query, once it has succeeded.

    Raises:
        QueryFailed: it has not.
    """
    query_id = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": deployment.database},
        ResultConfiguration={
            "OutputLocation": f"s3://{deployment.bucket}/{deployment.athena_queries}"
        },
        WorkGroup=deployment.workgroup,
    )["QueryExecutionId"]
    while True:
        execution = athena.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
        state = execution["Status"]["State"]
        if state == "SUCCEEDED":
            return query_id, execution["ResultConfiguration"]["OutputLocation"]
        if state in ("FAILED", "CANCELLED"):
            raise QueryFailed(execution["Status"].get("StateChangeReason", state))
        time.sleep(POLL_SECONDS)


def ask(sql: str, output_format: str, console: Console, folder: Path = LOCAL) -> None:
    """Print the answer of the local Athena, as ``table`` or ``csv``.

    Raises:
        StackError: no stack is running here.
        QueryFailed: Athena could not answer.
    """
    stack = running_stack(folder)
    enter(stack.endpoint, stack.folder)
    athena = boto3.client("athena")
    query_id, location = run_query(athena, read_deployment(), sql)
    if output_format == "csv":
        console.file.write(read_csv(location))
    else:
        show(read_answer(athena, query_id), console)


def read_csv(location: str) -> str:
    """Return the result file as Athena wrote it."""
    place = urlsplit(location)
    found = boto3.client("s3").get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))
    return found["Body"].read().decode()


def read_answer(athena: AthenaClient, query_id: str) -> Answer:
    """Return the result of a SELECT, up to one row more than is shown."""
    answer = Answer([], [], [])
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
    for page in pages:
        found = page["ResultSet"]
        columns = found["ResultSetMetadata"]["ColumnInfo"]
        rows = [[cell.get("VarCharValue") for cell in row["Data"]] for row in found["Rows"]]
        first = not answer.columns
        names = [column["Name"] for column in columns]
        numeric = [column["Name"] for column in columns if column["Type"] in NUMERIC]
        # Athena gives the header as the first row of the first page.
        answer = Answer(names, numeric, answer.rows + (rows[1:] if first else rows))
        if len(answer.rows) > MOST_ROWS:
            break
    return answer


def show(answer: Answer, console: Console) -> None:
    """Print the first rows as a table, and whether there are more."""
    console.print(make_table(None, answer.columns, answer.rows[:MOST_ROWS], answer.numeric))
    if len(answer.rows) > MOST_ROWS:
        console.print(f"These are the first {MOST_ROWS} rows: FORMAT=csv gives all.")
