"""Which task made a run fail, and what its log says."""

from typing import Any

from local_stack.airflow_api import AirflowApi, log_line

LOG_LINES = 15
ERRORS = ("error", "critical")
GROUP = "::"  # begin and end of what Airflow's page folds away

Instance = dict[str, Any]
Entry = dict[str, Any]


def first_failed(instances: list[Instance]) -> Instance | None:
    """Return the task instance that failed first; those that never ran for it do not count."""
    failed = [instance for instance in instances if instance["state"] == "failed"]
    return min(failed, key=lambda instance: instance["end_date"] or "", default=None)


def describe_failure(api: AirflowApi, failed: Instance) -> str:
    """Return the task's name, the end of its log, and where the whole of it is."""
    return "\n".join([
        f"Task {failed['task_id']} failed in try {failed['try_number']}. The end of its log:",
        *(f"    {line}" for line in last_log_lines(api.log_entries(failed))),
        f"The whole log: {api.log_address(failed)}",
    ])


def last_log_lines(entries: list[Entry]) -> list[str]:
    """Return the last lines up to the last error; what follows it is Airflow clearing up."""
    errors = [place for place, entry in enumerate(entries) if entry.get("level") in ERRORS]
    told = entries[: errors[-1] + 1] if errors else entries
    lines = [log_line(entry) for entry in told if not entry["event"].startswith(GROUP)]
    return lines[-LOG_LINES:]
