import asyncio
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
from airflow.sdk.api.datamodels._generated import DagRunState
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from lakehouse_airflow import delays
from lakehouse_airflow.delays import alert_when_late
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import utc_text

from tests.plugins.airflow_fixtures import Bucket, Record
from tests.plugins.incident_fixtures import DELAYS, LATEST, Inbox

RUN = {"dag_id": "orders_lakehouse", "dag_run_id": "manual__1", "logical_date": None}


class Airflow:
    """What the triggerer can ask of Airflow: one look at the run after another."""

    def __init__(self) -> None:
        self.states = ["running"]
        self.waits_ended: list[datetime | None] = [None]
        self.looks = 0

    def get_dagrun_state(self, dag_id: str, run_id: str) -> DagRunState:
        assert (dag_id, run_id) == ("orders_lakehouse", "manual__1")
        self.looks += 1
        return DagRunState(self.states[min(self.looks, len(self.states)) - 1])

    async def aget_one(self, *, key: str, task_id: str, **_: str) -> str | None:
        if key == "glue_job_run_id":
            return "jr_1" if task_id == "load_delta" else None
        assert (key, task_id) == ("return_value", "wait_for_files")
        ended = self.waits_ended[min(self.looks, len(self.waits_ended)) - 1]
        return utc_text(ended) if ended else None

    def get_task_states(self, dag_id: str, run_ids: list[str]) -> dict[str, dict[str, str]]:
        states = {"plan_batch": "success", "load_delta": "deferred", "archive_files": "None"}
        return dict.fromkeys(run_ids, states)


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Airflow:
    airflow = Airflow()
    monkeypatch.setattr(RuntimeTaskInstance, "get_dagrun_state", airflow.get_dagrun_state)
    monkeypatch.setattr(RuntimeTaskInstance, "get_task_states", airflow.get_task_states)
    monkeypatch.setattr(BaseXCom, "aget_one", airflow.aget_one)
    monkeypatch.setattr(delays, "LOOK_AGAIN_SECONDS", 0.01)
    return airflow


def look(deployment: Deployment, **conf: Any) -> None:
    """Let the callback look at a run until it has nothing more to look at."""
    run: Record = {**RUN, "conf": conf or None}
    facts = json.loads(json.dumps(asdict(deployment)))
    asyncio.run(asyncio.wait_for(alert_when_late(facts, {"dag_run": run}), timeout=20))


def minutes_ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


def test_a_run_that_is_still_going_too_long_after_its_wait_is_late(
    airflow: Airflow, inbox: Inbox, deployment: Deployment
) -> None:
    airflow.waits_ended = [minutes_ago(61)]

    look(deployment)

    [envelope] = inbox.read(DELAYS)
    assert envelope["Subject"] == "LATE: orders_lakehouse (manual__1)"
    assert "at work now: load_delta (deferred)" in envelope["Message"]
    assert "Task: load_delta\nGlue run: jr_1\n" in envelope["Message"]
    assert "/tasks/load_delta > " in envelope["Message"]
    assert "Wait first" in envelope["Message"]
    assert "#delay" in envelope["Message"]


def test_a_delay_is_told_of_once(
    airflow: Airflow, inbox: Inbox, deployment: Deployment, bucket: Bucket
) -> None:
    airflow.waits_ended = [minutes_ago(61)]

    look(deployment)
    look(deployment)

    assert len(inbox.read()) == 1
    assert len(bucket.record(LATEST)["failures"]) == 1


@pytest.mark.parametrize("end", ["failed", "success"])
def test_a_run_that_has_ended_is_not_late(
    end: str, airflow: Airflow, inbox: Inbox, deployment: Deployment
) -> None:
    airflow.states, airflow.waits_ended = [end], [minutes_ago(61)]

    look(deployment)

    assert inbox.read() == []


def test_a_run_that_ends_while_it_is_looked_at_is_not_late(
    airflow: Airflow, inbox: Inbox, deployment: Deployment
) -> None:
    airflow.states, airflow.waits_ended = ["running", "running", "success"], [minutes_ago(59)]

    look(deployment)

    assert (inbox.read(), airflow.looks) == ([], 3)


def test_the_minutes_count_from_the_end_of_the_wait(
    airflow: Airflow, inbox: Inbox, deployment: Deployment
) -> None:
    airflow.states = ["queued", "running", "running", "running"]
    airflow.waits_ended = [None, None, minutes_ago(59), minutes_ago(61)]

    look(deployment)

    assert (inbox.subjects(), airflow.looks) == (["LATE: orders_lakehouse"], 4)


@pytest.mark.parametrize(("minutes", "late"), [(30, True), (60, False)])
def test_the_minutes_are_the_run_s_own(
    minutes: int, late: bool, airflow: Airflow, inbox: Inbox, deployment: Deployment
) -> None:
    airflow.states, airflow.waits_ended = ["running", "success"], [minutes_ago(45)]

    look(deployment, late_after_minutes=minutes)

    assert bool(inbox.read()) is late


def test_no_connection_is_looked_up(
    airflow: Airflow, inbox: Inbox, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    make_hook: Any = AwsBaseHook.__init__

    def make_and_note(hook: Any, aws_conn_id: str | None, **options: Any) -> None:
        asked.append(aws_conn_id)
        make_hook(hook, aws_conn_id, **options)

    monkeypatch.setattr(AwsBaseHook, "__init__", make_and_note)
    airflow.waits_ended = [minutes_ago(61)]

    look(deployment)

    assert inbox.read()
    assert set(asked) == {None}
