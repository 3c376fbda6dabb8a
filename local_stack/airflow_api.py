"""Airflow's REST interface, as far as the stack and the demo use it."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

import requests

USER = "admin"
# pragma: allowlist nextline secret
PASSWORDS = "simple_auth_manager_passwords.json.generated"
TIMEOUT_SECONDS = 30

Answer = dict[str, Any]


class AirflowRefused(Exception):
    """Airflow answered with an error; the message is its own."""


def read_password(home: Path) -> str | None:
    """Return the password that Airflow made for its administrator, None before it has."""
    path = home / PASSWORDS
    if not path.exists() or not (text := path.read_text()):
        return None
    return str(json.loads(text)[USER])


def is_healthy(url: str) -> bool | None:
    """Return True when the API server, scheduler, triggerer and DAG processor are up, else None."""
    try:
        health = requests.get(f"{url}/api/v2/monitor/health", timeout=TIMEOUT_SECONDS).json()
    except requests.RequestException:
        return None
    return all(part["status"] == "healthy" for part in health.values()) or None


def log_line(entry: Answer) -> str:
    """Return the text of a log entry, with the exception it is about."""
    exceptions = entry.get("error_detail") or []
    if not exceptions:
        return str(entry["event"])
    return f"{entry['event']}: {exceptions[0]['exc_type']}: {exceptions[0]['exc_value']}"


class AirflowApi:
    """The REST interface of one Airflow, logged in."""

    def __init__(self, url: str, password: str) -> None:
        """Log in at `url`."""
        self.url = url
        self.session = requests.Session()
        token = self.call("POST", "/auth/token", {"username": USER, "password": password})
        self.session.headers["Authorization"] = f"Bearer {token['access_token']}"

    def call(self, method: str, path: str, body: Any = None, **parameters: Any) -> Answer:
        """Return the answer to one request.

        Raises:
            AirflowRefused: the answer is an error.
        """
        answer = self.session.request(
            method, self.url + path, json=body, params=parameters, timeout=TIMEOUT_SECONDS
        )
        if not answer.ok:
            raise AirflowRefused(f"{method} {path}: {answer.status_code} {answer.text}")
        parsed: Answer = answer.json()
        return parsed

    def dag(self, dag_id: str) -> Answer | None:
        """Return the DAG, None while Airflow does not know it."""
        answer = self.session.get(f"{self.url}/api/v2/dags/{dag_id}", timeout=TIMEOUT_SECONDS)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            return None
        found: Answer = answer.json()
        return found

    def import_errors(self) -> list[str]:
        """Return what was wrong with DAG files that could not be read: ``<file>: <error>``."""
        errors = self.call("GET", "/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in errors]

    def unpause(self, dag_id: str) -> None:
        """Let the DAG run."""
        self.call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def set_pool(self, pool: Mapping[str, Any]) -> None:
        """Create the pool (name, slots, include_deferred), or change it to this."""
        named = self.call("GET", "/api/v2/pools", pool_name_pattern=pool["name"])["pools"]
        if any(other["name"] == pool["name"] for other in named):
            self.call("PATCH", f"/api/v2/pools/{pool['name']}", dict(pool))
        else:
            self.call("POST", "/api/v2/pools", dict(pool))

    def trigger(self, dag_id: str, run_id: str, conf: Mapping[str, Any]) -> None:
        """Start a run without a logical date, with these parameters."""
        body = {"dag_run_id": run_id, "logical_date": None, "conf": dict(conf)}
        self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a run: queued, running, success or failed."""
        return str(self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_instances(self, dag_id: str, run_id: str) -> list[Answer]:
        """Return the run's task instances."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        instances: list[Answer] = self.call("GET", path, limit=100)["task_instances"]
        return instances

    def downstream(self, dag_id: str) -> dict[str, list[str]]:
        """Return for each task of the DAG the tasks that follow it."""
        tasks = self.call("GET", f"/api/v2/dags/{dag_id}/tasks")["tasks"]
        return {task["task_id"]: task["downstream_task_ids"] for task in tasks}

    def log_entries(self, instance: Answer) -> list[Answer]:
        """Return the log of a task instance's last try: ``event``, ``level``, ``error_detail``…"""
        path = (
            f"/api/v2/dags/{instance['dag_id']}/dagRuns/{instance['dag_run_id']}"
            f"/taskInstances/{instance['task_id']}/logs/{instance['try_number']}"
        )
        content = self.call("GET", path, full_content=True)["content"]
        return [entry if isinstance(entry, dict) else {"event": entry} for entry in content]

    def log_lines(self, instance: Answer) -> list[str]:
        """Return the log of a task instance's last try as text."""
        return [log_line(entry) for entry in self.log_entries(instance)]

    def log_address(self, instance: Answer) -> str:
        """Return where a person reads that log."""
        return (
            f"{self.url}/dags/{instance['dag_id']}/runs/{instance['dag_run_id']}"
            f"/tasks/{instance['task_id']}?try_number={instance['try_number']}"
        )
