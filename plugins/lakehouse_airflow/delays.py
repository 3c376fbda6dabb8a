"""A DAG run that is late: some minutes after the end of its sensor's wait it is still going.

Airflow fixes a deadline when it creates the run. When the wait will end is not known then: the run
may first stand behind another, and the sensor may find a file at once or late. So Airflow's own
deadline is the earliest moment at which the run can be late, its creation plus its minutes. From
then on the callback looks at the run: it alerts once the minutes since the wait are over, or never,
because the run has ended. Airflow calls it once a run, and for runs that have failed too.

The reference is our own, because Airflow moves a deadline that refers to its ``queued_at`` whenever
a task is cleared, and fails at that: no task could be cleared before the deadline.
"""

import asyncio
import logging
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import DagRunState, Param
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.definitions.callback import AsyncCallback
from airflow.sdk.definitions.deadline import BaseDeadlineReference, DeadlineAlert
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from asgiref.sync import sync_to_async
from pydantic import TypeAdapter

from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.failures import delay_of
from lakehouse_airflow.incidents import incidents_of
from lakehouse_airflow.records import Record

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

PARAM = "late_after_minutes"
DEFAULT_MINUTES = 60
SENSOR = "wait_for_files"
LOOK_AGAIN_SECONDS = 15.0
AT_WORK = frozenset({"queued", "running", "deferred", "up_for_retry", "scheduled"})


def late_param() -> Param:
    """Return the field of the form, made anew, since a DAG run writes its value into it."""
    return Param(
        DEFAULT_MINUTES,
        type="number",
        exclusiveMinimum=0,
        title="Late after (minutes)",
        description="From the end of the wait for files to the end of the run.",
    )


def late_alert(deployment: Deployment) -> DeadlineAlert:
    """Return the deadline of a DAG run, by its own parameter."""
    callback = AsyncCallback(alert_when_late, kwargs={"facts": asdict(deployment)})
    return DeadlineAlert(EarliestDelay(), timedelta(0), callback, name="late")


class EarliestDelay(BaseDeadlineReference):
    """The moment, fixed as a DAG run is created, before which the run can't be late."""

    required_kwargs: ClassVar[set[str]] = {"dag_id", "run_id"}

    def _evaluate_with(self, *, session: "Session", dag_id: str, run_id: str) -> datetime:
        # The scheduler and the API server evaluate this; only they may look at the database.
        from airflow.models import DagRun
        from sqlalchemy import select

        conf = select(DagRun.conf).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        return datetime.now(UTC) + minutes_of(session.scalar(conf))


async def alert_when_late(facts: Record, context: Record) -> None:
    """Look at the DAG run in `context` until it is late, and say so, or until it has ended.

    Runs in the triggerer, which looks no connections up: AWS is reached as boto3 finds it. A
    triggerer that takes over starts from the beginning, which reports the same delay again: once.
    """
    run = context["dag_run"]
    deployment = TypeAdapter(Deployment).validate_python(facts)
    while await _is_going(run):
        late_at = await _late_at(run)
        if late_at and datetime.now(UTC) >= late_at:
            failure = await _delay(run, late_at)
            incidents = incidents_of(deployment, aws_conn_id=None)
            topic = deployment.sns_topics.processing_delays
            return await asyncio.to_thread(incidents.report, topic, failure)
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    log.info("DAG run %s has ended, so it is not late", run["dag_run_id"])


def minutes_of(conf: dict[str, Any] | None) -> timedelta:
    """Return after how many minutes a run is late, by the parameters it was triggered with."""
    return timedelta(minutes=float((conf or {}).get(PARAM, DEFAULT_MINUTES)))


async def _delay(run: Record, late_at: datetime) -> Record:
    at_work = await _at_work(run)
    return delay_of(run, late_at, at_work, await _glue_run(run, list(at_work)))


async def _is_going(run: Record) -> bool:
    state = await sync_to_async(RuntimeTaskInstance.get_dagrun_state)(
        run["dag_id"], run["dag_run_id"]
    )
    return state in (DagRunState.QUEUED, DagRunState.RUNNING)


async def _late_at(run: Record) -> datetime | None:
    """Return when the run is late; None while it waits for files, or to start."""
    ended_at = await _xcom(run, SENSOR, "return_value")
    return datetime.fromisoformat(ended_at) + minutes_of(run["conf"]) if ended_at else None


async def _at_work(run: Record) -> dict[str, str]:
    """Return the states of the tasks that have begun and not ended."""
    states = await sync_to_async(RuntimeTaskInstance.get_task_states)(
        run["dag_id"], run_ids=[run["dag_run_id"]]
    )
    of_run: dict[str, str] = states.get(run["dag_run_id"], {})
    return {task: state for task, state in sorted(of_run.items()) if state in AT_WORK}


async def _glue_run(run: Record, tasks: list[str]) -> str | None:
    """Return the Glue run that the first of the tasks waits for that has one, or None."""
    found = [await _xcom(run, task, "glue_job_run_id") for task in tasks]
    return next(filter(None, found), None)


async def _xcom(run: Record, task_id: str, key: str) -> str | None:
    value: str | None = await BaseXCom.aget_one(
        key=key, dag_id=run["dag_id"], task_id=task_id, run_id=run["dag_run_id"]
    )
    return value
