"""What can be done about a failure: where to look, what to click, type and ask."""

import json
import logging
import shlex
from collections import Counter

from botocore.exceptions import BotoCoreError, ClientError

from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.failures import airflow_url, run_url
from lakehouse_airflow.queries import query_about
from lakehouse_airflow.records import Record, RecordError, Records

log = logging.getLogger(__name__)

FILES_NAMED = 20

RERUN_IS_SAFE = "Yes, at any time: no row is loaded twice, no file is lost."
RERUN_WHEN = {
    "late": "Wait first: clearing a task that is at work stops its Glue run and starts another.",
    "quality_gate": "Yes, but mend the file, the contract or the check first: data and checks as "
    "they are fail again.",
}

# What the sections of docs/runbook.md are called, where it is not the task's name. The three
# queries share one: its heading is `query_*`, of which a link has the letters.
SECTIONS = {
    "timed_out": "dag-time-out",
    "all_tasks_deadlocked": "dag-without-a-task-to-start",
    "late": "delay",
}

# The gate only reads a report: what has to run again is the load, and what follows it.
CLEAR = {"quality_gate": "load_delta"}


def with_advice(deployment: Deployment, records: Records, facts: Record) -> Record:
    """Return the facts with the data that the failure touches, and with what can be done."""
    subject = facts.get("task_id") if facts["kind"] == "task_failed" else facts["kind"]
    data = _touched_data(records, facts["dag_run_id"])
    shows, query = query_about(facts.get("task_id"), data.get("batch_id"))
    asked = facts.get("clear")
    clear = asked or CLEAR.get(str(subject)) or facts.get("task_id") or "plan_batch"
    return {
        **facts,
        **data,
        "rerun_is_safe": facts["kind"] != "late",
        "rerun": RERUN_IS_SAFE if asked else RERUN_WHEN.get(str(subject), RERUN_IS_SAFE),
        "clear": clear,
        "click": click(facts, clear),
        "command": command(facts, clear),
        "runbook": runbook(deployment, SECTIONS.get(str(subject), str(subject))),
        "query_shows": shows,
        "query": query,
    }


def runbook(deployment: Deployment, section: str) -> str:
    """Return the link to a section of the runbook."""
    return f"{deployment.runbook}#{'query_' if section.startswith('query_') else section}"


def click(facts: Record, task_id: str) -> str:
    """Return where to click to run a task of the DAG run again, with all that follows it."""
    page = f"{run_url(facts['dag_id'], facts['dag_run_id'])}/tasks/{task_id}"
    return f'{page} > "Clear Task Instance" > "Downstream" > "Confirm"'


def command(facts: Record, task_id: str) -> str:
    """Return the command that does the same.

    Airflow's command line finds a run by its logical date alone, which a run need not have; for one
    without, this is a call of the interface behind the UI.
    """
    moment = facts.get("logical_date")
    if moment:
        # Despite its name, --task-regex takes a part of the task's name, not a regular expression.
        return (
            f"airflow tasks clear {facts['dag_id']} --task-regex {task_id} --downstream "
            f"--start-date {moment} --end-date {moment} --yes"
        )
    body = {
        "dag_run_id": facts["dag_run_id"],
        "task_ids": [task_id],
        "include_downstream": True,
        "only_failed": False,
        "dry_run": False,
    }
    url = f"{airflow_url()}/api/v2/dags/{facts['dag_id']}/clearTaskInstances"
    return (
        f'curl -X POST {url} -H "Authorization: Bearer $AIRFLOW_TOKEN" '
        f"-H 'Content-Type: application/json' -d {shlex.quote(json.dumps(body))}"
    )


def _touched_data(records: Records, dag_run_id: str) -> Record:
    """Return batch, datasets and files of a DAG run; a message without them is better than none."""
    try:
        run = records.read(f"_runs/{dag_run_id}.json")
        manifest = records.read(f"{run['batch_id']}/manifest.json") if run else None
    except (ClientError, BotoCoreError, RecordError):
        log.warning("the batch of %s could not be looked up", dag_run_id, exc_info=True)
        return {}
    if not manifest:
        return {}
    files = manifest["files"]
    return {
        "batch_id": manifest["batch_id"],
        "datasets": Counter(file["dataset"] for file in files),
        "files": [file["key"] for file in files[:FILES_NAMED]],
    }
