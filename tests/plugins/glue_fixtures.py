"""Glue jobs of local AWS whose scripts do what a test tells them."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import boto3

from tests.plugins.airflow_fixtures import Bucket

ENDS = {"SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED"}


@dataclass
class TaskInstance:
    """A task instance, as far as an operator looks at it."""

    dag_id: str = "orders_lakehouse"
    task_id: str = "load_delta"
    run_id: str = "manual__1"
    map_index: int = -1
    xcoms: dict[str, Any] = field(default_factory=dict)

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcoms[key] = value


@dataclass(frozen=True)
class GlueJob:
    """A Glue job, as a person at the AWS command line would look after it."""

    glue: Any
    name: str

    def start(self, **arguments: str) -> str:
        """Start a run that is nobody's, or a task's."""
        named = {f"--{name}": value for name, value in arguments.items()}
        run_id: str = self.glue.start_job_run(JobName=self.name, Arguments=named)["JobRunId"]
        return run_id

    def stop(self, run_id: str) -> None:
        self.glue.batch_stop_job_run(JobName=self.name, JobRunIds=[run_id])

    def runs(self) -> list[dict[str, Any]]:
        """Return all runs, newest first."""
        runs: list[dict[str, Any]] = self.glue.get_job_runs(JobName=self.name)["JobRuns"]
        return runs

    def stop_all(self) -> None:
        """Stop every run, and wait until none is left."""
        for run in self.runs():
            self.stop(run["Id"])
        wait_until(lambda: all(run["JobRunState"] in ENDS for run in self.runs()))

    def state(self, run_id: str) -> str:
        run = self.glue.get_job_run(JobName=self.name, RunId=run_id)["JobRun"]
        state: str = run["JobRunState"]
        return state

    def wait_for(self, run_id: str, *states: str) -> str:
        """Return the state of the run once it is one of these."""
        state: str = wait_until(lambda: self.state(run_id) in states and self.state(run_id))
        return state


NewJob = Callable[[str], GlueJob]


def create_job(bucket: Bucket, name: str, script: str) -> GlueJob:
    """Return a new job that runs the script."""
    bucket.put(f"glue_assets/{name}.py", script)
    glue = boto3.client("glue")
    glue.create_job(
        Name=name,
        Role="arn:aws:iam::123456789012:role/glue",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{bucket.name}/glue_assets/{name}.py"},
    )
    return GlueJob(glue, name)


def wait_until(look: Callable[[], Any], seconds: float = 15) -> Any:
    """Return what a look finds, once it finds something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)
    return found
