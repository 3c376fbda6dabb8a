"""What is known of a failure: the facts that its messages are made of, as they go out in JSON.

A failure's ``failure`` names it: whatever reports the same one again reports nothing new.
"""

import logging
import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

from airflow.sdk import Context
from airflow.sdk.configuration import conf

from lakehouse_airflow.batches import BatchNotReady
from lakehouse_airflow.operators import GlueRunRefused
from lakehouse_airflow.quality import QualityGateClosed
from lakehouse_airflow.records import Record, utc_text

log = logging.getLogger(__name__)

EXCEPTION_CHARACTERS = 4000  # a message holds 256 kB, a person's patience less
UNKNOWN_CAUSE = "the task's process died, or could not report; its log has what is known"
RUN_ENDS = {
    "timed_out": "the DAG run took longer than it may; Airflow has failed it and skipped the rest",
    "all_tasks_deadlocked": "no task of the DAG run can be started any more",
}


def failure_of(context: Context) -> Record:
    """Return the facts of the failed task, or of the failed DAG run, that a callback is called for.

    Only a DAG's callback has a ``reason``. It is called for each failed run, mostly for a task that
    has reported by itself, and then gives the same failure. Airflow gives it the last task that
    failed, or the last one that had not ended; and no task at all where there was none.
    """
    ti, reason = context.get("ti"), context.get("reason", "task_failure")
    if ti is not None and reason == "task_failure":
        return _task_failure(context, ti)
    facts = _run_failure(context, str(reason))
    return {**facts, **_where_it_stood(ti)} if ti is not None else facts


def delay_of(
    run: Record, late_at: datetime, at_work: dict[str, str], glue_run_id: str | None
) -> Record:
    """Return the facts of a late DAG run, which is one as Airflow's interface has it.

    `at_work` has the states of the tasks that have begun and not ended.
    """
    tasks = ", ".join(f"{task} ({state})" for task, state in at_work.items()) or "no task"
    return {
        "kind": "late",
        "failure": f"{run['dag_run_id']}/late",
        "dag_id": run["dag_id"],
        "dag_run_id": run["dag_run_id"],
        "logical_date": run.get("logical_date"),
        "what": f"the DAG run was to be done by {utc_text(late_at)}; at work now: {tasks}",
        "task_id": next(iter(at_work), None),
        "log_url": run_url(run["dag_id"], run["dag_run_id"]),
        "glue_run_id": glue_run_id,
    }


def run_url(dag_id: str, run_id: str) -> str:
    """Return where the UI shows a DAG run."""
    return f"{airflow_url()}/dags/{dag_id}/runs/{quote(run_id)}"


def airflow_url() -> str:
    """Return where people reach Airflow."""
    url: str = conf.get("api", "base_url", fallback="http://localhost:8080")
    return url.rstrip("/")


def _task_failure(context: Context, ti: Any) -> Record:
    exception: Any = context.get("exception")
    return {
        "kind": "task_failed",
        "failure": f"{ti.run_id}/{ti.task_id}/{ti.try_number}",
        "dag_id": ti.dag_id,
        "dag_run_id": ti.run_id,
        "logical_date": _logical_date(context),
        "what": str(exception or UNKNOWN_CAUSE)[:EXCEPTION_CHARACTERS],
        **_where_it_stood(ti),
        "max_tries": ti.max_tries + 1,
        "clear": _task_to_clear(exception),
    }


def _run_failure(context: Context, reason: str) -> Record:
    dag_id, run_id = context["dag"].dag_id, context["run_id"]
    try_number = getattr(context.get("ti"), "try_number", 0)
    return {
        "kind": reason,
        "failure": f"{run_id}/{reason}/{try_number}",
        "dag_id": dag_id,
        "dag_run_id": run_id,
        "logical_date": _logical_date(context),
        "what": RUN_ENDS.get(reason, "the DAG run failed; its page has what is known"),
        "log_url": run_url(dag_id, run_id),
    }


def _where_it_stood(ti: Any) -> Record:
    return {
        "task_id": ti.task_id,
        "try_number": ti.try_number,
        "log_url": ti.log_url,
        "glue_run_id": _glue_run_id(ti),
        "failed_tasks": _failed_tasks(ti),
    }


def _task_to_clear(exception: Any) -> str | None:
    """Return the task that our exception asks to clear instead of the one that failed, or None."""
    asked = re.search(r"clear ([a-z]+_[a-z_]+)", str(exception))
    is_ours = isinstance(exception, BatchNotReady | QualityGateClosed | GlueRunRefused)
    return asked[1] if asked and is_ours else None


def _logical_date(context: Context) -> str | None:
    moment = getattr(context.get("dag_run"), "logical_date", None)
    return utc_text(moment) if moment else None


def _glue_run_id(ti: Any) -> str | None:
    """Return the Glue run of the task; an alert without it is better than none."""
    try:
        run_id: str | None = ti.xcom_pull(task_ids=ti.task_id, key="glue_job_run_id")
    except Exception:
        log.warning("the Glue run of the failed task could not be looked up", exc_info=True)
        return None
    return run_id


def _failed_tasks(ti: Any) -> list[str]:
    """Return all tasks of the run that have failed by now; an alert without them will do too."""
    try:
        states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
    except Exception:
        log.warning("the states of the run's tasks could not be looked up", exc_info=True)
        return []
    return sorted(task_id for task_id, state in states.items() if state == "failed")
