"""The running pipeline, and the hands of its people: deliver, trigger, wait, clear, look."""

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
from deltalake import DeltaTable

from local_stack.airflow_api import AirflowApi
from local_stack.airflow_server import AIRFLOW_HOME, DAG_ID
from local_stack.deliveries import deliver
from local_stack.deployment import Deployment
from local_stack.query import read_answer, run_query
from local_stack.run_records import Alert, read_alert, read_record, receive

FIRST = "test_first"
ENDED = {"success", "failed"}
PATIENCE_SECONDS = 300

States = dict[str, str | None]


@dataclass(frozen=True)
class Pipeline:
    """The running pipeline as its three people see it."""

    api: AirflowApi
    deployment: Deployment
    endpoint: str

    def deliver(self, *files: Path) -> None:
        """Put files of ``<dataset>/<name>.csv`` into raw/."""
        deliver(boto3.client("s3"), self.deployment, list(files))

    def start(self, run_id: str, **conf: Any) -> str:
        """Trigger a run of the DAG, with parameters."""
        self.api.trigger(DAG_ID, run_id, conf)
        return run_id

    def finish(self, run_id: str) -> States:
        """Wait until the run has ended; return the state of every task, and of the ``run``."""
        state = self.wait(lambda: (s := self.api.run_state(DAG_ID, run_id)) in ENDED and s)
        return {"run": state, **{task: each["state"] for task, each in self.tasks(run_id).items()}}

    def succeed(self, run_id: str) -> States:
        """Wait until the run has ended, well: else tell the last lines of what failed."""
        states = self.finish(run_id)
        logs = [
            self.log(run_id, task)[-2000:]
            for task, state in states.items()
            if state == "failed" and task != "run"
        ]
        assert states["run"] == "success", "\n".join([f"{run_id}: {states}", *logs])
        return states

    def age(self, stack_folder: Path, run_id: str, by: timedelta) -> None:
        """Let the run have started earlier than it did, which only Airflow's database can say."""
        path = stack_folder / AIRFLOW_HOME / "airflow.db"
        with closing(sqlite3.connect(path, timeout=PATIENCE_SECONDS)) as database, database:
            changed = database.execute(
                "update dag_run set start_date = datetime(start_date, ?) where run_id = ?",
                (f"-{by.total_seconds()} seconds", run_id),
            )
        assert changed.rowcount == 1

    def tasks(self, run_id: str) -> dict[str, dict[str, Any]]:
        """Return the run's task instances by task id."""
        return {each["task_id"]: each for each in self.api.task_instances(DAG_ID, run_id)}

    def clear(self, run_id: str, task_id: str, downstream: bool = True) -> None:
        """Clear a task, by default with everything downstream of it, as a person does in the UI."""
        body = {
            "dry_run": False,
            "dag_run_id": run_id,
            "task_ids": [task_id],
            "include_downstream": downstream,
            "only_failed": False,
        }
        self.api.call("POST", f"/api/v2/dags/{DAG_ID}/clearTaskInstances", body)

    def log(self, run_id: str, task_id: str) -> str:
        """Return the log of the task's last try."""
        return "\n".join(map(str, self.api.log_lines(self.tasks(run_id)[task_id])))

    def running_load(self, besides: str = "") -> str:
        """Wait until a Glue run of the load, not `besides`, is RUNNING; return its id."""
        running = self.wait(
            lambda: [
                run["Id"]
                for run in self.loads()
                if run["JobRunState"] == "RUNNING" and run["Id"] != besides
            ]
        )
        return str(running[0])

    def watched_load(self, run_id: str) -> str:
        """Wait until the run's load is RUNNING and its trigger sees it; return the Glue run's id.

        A trigger that has not started yet has nothing to stop: the next try takes the run over.
        """
        glue_run_id = self.running_load()
        self.wait(lambda: f"Glue run {glue_run_id} is RUNNING" in self.log(run_id, "load_delta"))
        return glue_run_id

    def load_between_commits(self, run_id: str) -> str:
        """Trigger a run; return the Glue run of its load once that has made its first commit."""
        self.start(run_id)
        glue_run_id = self.running_load()
        self.wait(lambda: self.has_commit("products"))
        return glue_run_id

    def states_of_loads(self) -> dict[str, str]:
        """Return the state of each Glue run of the load."""
        return {run["Id"]: run["JobRunState"] for run in self.loads()}

    def loads(self) -> list[Any]:
        """Return the Glue runs of the load, newest first."""
        return list(boto3.client("glue").get_job_runs(JobName="Delta-lake-job")["JobRuns"])

    def kill(self, glue_run_id: str) -> None:
        """End the run's processes with SIGKILL."""
        self.send_signal(glue_run_id, signal.SIGKILL)

    def send_signal(self, glue_run_id: str, number: signal.Signals) -> None:
        """Send a signal to the run's processes; the run id is among their arguments."""
        found = subprocess.run(["pgrep", "-f", glue_run_id], capture_output=True, check=True)
        for pid in found.stdout.split():
            os.kill(int(pid), number)

    def has_commit(self, table: str) -> bool:
        """Return whether the table has a commit beside the one that made it."""
        key = f"processed/{table}/_delta_log/00000000000000000001.json"
        return key in self.keys(f"processed/{table}/_delta_log/")

    def table(self, name: str) -> DeltaTable:
        """Return a Delta table as delta-rs reads it."""
        folder = name if name == "rejected" else f"processed/{name}"
        options = {"AWS_ENDPOINT_URL": self.endpoint, "AWS_ALLOW_HTTP": "true"}
        return DeltaTable(f"s3://{self.deployment.bucket}/{folder}", storage_options=options)

    def versions(self) -> dict[str, int]:
        """Return the version of every table."""
        names = ["products", "orders", "order_items", "rejected"]
        return {name: self.table(name).version() for name in names}

    def query(self, sql: str) -> list[list[str | None]]:
        """Return the rows that Athena answers."""
        athena = boto3.client("athena")
        query_id, _ = run_query(athena, self.deployment, sql)
        return read_answer(athena, query_id).rows

    def record(self, name: str) -> dict[str, Any] | None:
        """Return a record under batches/."""
        return read_record(boto3.client("s3"), self.deployment, name)

    def batch_of(self, run_id: str) -> str:
        """Return the batch of a DAG run."""
        return str(self.required_record(f"_runs/{run_id}.json")["batch_id"])

    def required_record(self, name: str) -> dict[str, Any]:
        """Return a record under batches/ that must be there."""
        record = self.record(name)
        assert record is not None, f"there is no {name}"
        return record

    def keys(self, prefix: str) -> list[str]:
        """Return the keys under a prefix."""
        pages = (
            boto3
            .client("s3")
            .get_paginator("list_objects_v2")
            .paginate(Bucket=self.deployment.bucket, Prefix=prefix)
        )
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def alerts(self) -> list[Alert]:
        """Return the messages published since the last look."""
        return [read_alert(body) for body in receive(boto3.client("sqs"))]

    def wait(self, look: Callable[[], Any]) -> Any:
        """Return what `look` sees as soon as it sees anything."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not (seen := look()):
            assert time.monotonic() < deadline, f"nothing seen within {PATIENCE_SECONDS} s"
            time.sleep(0.5)
        return seen
