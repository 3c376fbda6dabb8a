from dataclasses import replace
from typing import Any

import pytest
from lakehouse_airflow.advice import with_advice
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record, Records, batch_records

from tests.plugins.airflow_fixtures import Bucket

NOON = "2026-11-24T12:00:00Z"


@pytest.fixture
def records(bucket: Bucket, deployment: Deployment) -> Records:
    return batch_records(deployment)


def failed(task_id: str, **facts: Any) -> Record:
    return {
        "kind": "task_failed",
        "dag_id": "orders_lakehouse",
        "dag_run_id": "manual__1",
        "task_id": task_id,
        "logical_date": NOON,
        **facts,
    }


@pytest.mark.parametrize(
    ("facts", "cleared"),
    [
        (failed("load_delta"), "load_delta"),
        (failed("quality_gate"), "load_delta"),
        (failed("quality_gate", clear="check_quality"), "check_quality"),
        (failed("archive_files", clear="plan_batch"), "plan_batch"),
        (failed("archive_files", clear=None, kind="timed_out"), "archive_files"),
        ({**failed(""), "task_id": None, "kind": "timed_out"}, "plan_batch"),
    ],
    ids=["itself", "the load", "not checked", "no batch", "timed out", "no task is known"],
)
def test_what_to_clear_is_the_task_or_what_it_lacks(
    facts: Record, cleared: str, records: Records, deployment: Deployment
) -> None:
    advice = with_advice(deployment, records, facts)

    assert advice["clear"] == cleared
    assert f"/runs/manual__1/tasks/{cleared} >" in advice["click"]
    assert f"--task-regex {cleared} --downstream" in advice["command"]
    assert advice["command"].endswith(f"--start-date {NOON} --end-date {NOON} --yes")


@pytest.mark.parametrize(
    ("clear", "says"), [(None, "mend the file"), ("check_quality", "at any time")]
)
def test_a_closed_gate_is_not_just_cleared(
    clear: str | None, says: str, records: Records, deployment: Deployment
) -> None:
    assert says in with_advice(deployment, records, failed("quality_gate", clear=clear))["rerun"]


@pytest.mark.parametrize(
    ("task_id", "table"),
    [
        ("load_delta", "FROM batch_rejects"),
        ("quality_gate", "FROM batch_failing_rows"),
        ("archive_files", "FROM rejected"),
    ],
)
def test_the_query_is_about_the_batch_and_the_task(
    task_id: str, table: str, bucket: Bucket, records: Records, deployment: Deployment
) -> None:
    bucket.put_record("_runs/manual__1.json", {"batch_id": "b1"})
    bucket.put_batch(manifest={"batch_id": "b1", "files": []})

    query = with_advice(deployment, records, failed(task_id))["query"]

    assert table in query
    assert "batch_id = 'b1'" in query


def test_without_a_batch_the_query_is_about_what_was_loaded_last(
    records: Records, deployment: Deployment
) -> None:
    advice = with_advice(deployment, records, failed("plan_batch"))

    assert "FROM orders" in advice["query"]
    assert "batch_id" not in advice


def test_the_runbook_is_linked_where_people_read_it(
    records: Records, deployment: Deployment
) -> None:
    published = replace(deployment, runbook="https://git.example/docs/runbook.md")

    advice = with_advice(published, records, failed("query_tables_joined"))

    assert advice["runbook"] == "https://git.example/docs/runbook.md#query_"
