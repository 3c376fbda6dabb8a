from types import SimpleNamespace
from typing import Any

import pytest
from lakehouse_airflow.batches import BatchNotReady
from lakehouse_airflow.failures import delay_of, failure_of
from lakehouse_airflow.operators import GlueRunRefused
from lakehouse_airflow.quality import QualityGateClosed

from tests.plugins.incident_fixtures import NOON, failed_task


def test_a_task_and_its_dag_report_the_same_failure() -> None:
    of_task = failure_of(failed_task())
    of_dag = failure_of(failed_task(exception=None, reason="task_failure"))

    assert of_task["failure"] == of_dag["failure"] == "manual__1/load_delta/3"


@pytest.mark.parametrize("reason", ["timed_out", "all_tasks_deadlocked"])
def test_the_end_of_a_dag_run_is_another_failure_than_that_of_the_task_it_stood_at(
    reason: str,
) -> None:
    failure = failure_of(failed_task(exception=None, reason=reason))

    assert (failure["kind"], failure["failure"]) == (reason, f"manual__1/{reason}/3")
    assert failure["task_id"] == "load_delta"


def test_a_run_without_a_logical_date_has_none() -> None:
    run = SimpleNamespace(logical_date=None)

    assert failure_of(failed_task())["logical_date"] == "2026-11-24T12:00:00Z"
    assert failure_of(failed_task(dag_run=run))["logical_date"] is None


def test_all_failed_tasks_of_the_run_are_named() -> None:
    assert failure_of(failed_task())["failed_tasks"] == ["load_delta"]


def test_states_out_of_reach_do_not_hold_a_message_up() -> None:
    context = failed_task()
    context["ti"].get_task_states = None

    assert failure_of(context)["failed_tasks"] == []


@pytest.mark.parametrize(
    ("exception", "expected"),
    [
        (BatchNotReady("batch b1 is not loaded: clear load_delta"), "load_delta"),
        (BatchNotReady("batch b1 is set aside: clear plan_batch, for another"), "plan_batch"),
        (QualityGateClosed("b1 is kept. To go on, clear check_quality, or"), "check_quality"),
        (
            GlueRunRefused("Glue run r ended as FAILED: mend the file and clear plan_batch"),
            "plan_batch",
        ),
        (QualityGateClosed("batch b1: check failed: to clear rows"), None),
        (ValueError("clear load_delta"), None),
    ],
    ids=["no step", "set aside", "kept", "refused", "the gate is closed", "another error"],
)
def test_a_task_that_asks_for_an_earlier_one_names_it(exception: Any, expected: str | None) -> None:
    assert failure_of(failed_task("archive_files", exception=exception))["clear"] == expected


def test_a_delay_says_what_is_at_work() -> None:
    run = {"dag_id": "orders_lakehouse", "dag_run_id": "a/b", "logical_date": None}

    delay = delay_of(run, NOON, {"load_delta": "deferred"}, "jr_1")

    assert delay["what"].endswith("by 2026-11-24T12:00:00Z; at work now: load_delta (deferred)")
    assert delay["log_url"].endswith("/dags/orders_lakehouse/runs/a/b")
