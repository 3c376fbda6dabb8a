"""The words of the messages about incidents."""

from lakehouse_airflow.advice import runbook
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record

OTHERS_NAMED = 20
OTHER_CHARACTERS = 200

SUBJECTS = {
    "task_failed": "FAILED: {dag_id}.{task_id} ({dag_run_id})",
    "timed_out": "TIMED OUT: {dag_id} ({dag_run_id})",
    "all_tasks_deadlocked": "FAILED: {dag_id} ({dag_run_id})",
    "late": "LATE: {dag_id} ({dag_run_id})",
}
REMINDER = "STILL OPEN since {opened_at}: {dag_id} ({dag_run_id})"
RECOVERY = "RECOVERED: {dag_id}, batch {batch_id} is published"

FAILURE = """\
{headline}

What happened: {what}

Data: {data}
Is a rerun safe? {rerun}
Click: {click}
Command: {command}
Runbook: {runbook}

DAG run: {dag_run_id}
Task: {task}
Glue run: {glue_run}
Log: {log_url}

Athena, {query_shows}:

{query}
{others}
"""

HEADLINES = {
    "task_failed": "Task {task_id} of DAG {dag_id} failed for good.",
    "timed_out": "A run of DAG {dag_id} timed out.",
    "all_tasks_deadlocked": "A run of DAG {dag_id} failed: it is stuck.",
    "late": "A run of DAG {dag_id} is late. It is still going.",
}

RECOVERED = """\
Batch {batch_id} is published, which closes the incident that was opened at {opened_at}.

Failures since then: {failures}
{listed}

Nothing is left to do. Messages start anew with the next failure.
Runbook: {runbook}
"""


def failure_message(facts: Record, incident: Record) -> tuple[str, str]:
    """Return subject and text of the message that a failure opens an incident with."""
    text = FAILURE.format(
        **facts,
        headline=HEADLINES.get(facts["kind"], HEADLINES["all_tasks_deadlocked"]).format(**facts),
        data=_in_words(facts),
        task=_task(facts),
        glue_run=facts.get("glue_run_id") or "none",
        others=_others(facts, incident),
    )
    subject = SUBJECTS.get(facts["kind"], SUBJECTS["all_tasks_deadlocked"])
    return subject.format(**facts), text


def reminder_message(deployment: Deployment, facts: Record, incident: Record) -> tuple[str, str]:
    """Return subject and text of the message that an incident is still open."""
    subject = REMINDER.format(**{**facts, "opened_at": incident["opened_at"]})
    first = f"{subject}\nRunbook: {runbook(deployment, 'reminder')}\n\n"
    return subject, first + failure_message(facts, incident)[1]


def recovery_message(deployment: Deployment, incident: Record) -> tuple[str, str, Record]:
    """Return subject, text and facts of the message that an incident is over."""
    facts = {
        "kind": "recovered",
        "dag_id": incident["dag_id"],
        "batch_id": incident["closed_by"],
        "opened_at": incident["opened_at"],
        "closed_at": incident["closed_at"],
        "failures": len(incident["failures"]),
        "runbook": runbook(deployment, "recovery"),
    }
    text = RECOVERED.format(**facts, listed=_listed(incident["failures"]))
    return RECOVERY.format(**facts), text, facts


def _in_words(facts: Record) -> str:
    if not facts.get("batch_id"):
        return "none, no batch is planned by this DAG run; files wait in raw/"
    datasets: dict[str, int] = facts["datasets"]
    counts = ", ".join(f"{dataset}: {count} files" for dataset, count in datasets.items())
    more = sum(datasets.values()) - len(facts["files"])
    lines = [f"batch {facts['batch_id']} ({counts})", *facts["files"]]
    return "\n  ".join([*lines, f"and {more} more"] if more else lines)


def _task(facts: Record) -> str:
    if "try_number" not in facts:
        return facts.get("task_id") or "none"
    tries = f" of {facts['max_tries']}" if "max_tries" in facts else ""
    failed = ", ".join(facts["failed_tasks"]) or "none other"
    return f"{facts['task_id']}, try {facts['try_number']}{tries}; failed by now: {failed}"


def _others(facts: Record, incident: Record) -> str:
    """Return the other failures of the incident, which send no message of their own."""
    others = [each for each in incident["failures"] if each["failure"] != facts["failure"]]
    return f"\nAlso in this incident: {len(others)}\n{_listed(others)}" if others else ""


def _listed(failures: list[Record]) -> str:
    lines = [f"{each['at']} {each['failure']}: {each['what']}" for each in failures]
    hidden = len(lines) - OTHERS_NAMED
    return "\n".join([f"({hidden} earlier ones)", *lines[-OTHERS_NAMED:]] if hidden > 0 else lines)
