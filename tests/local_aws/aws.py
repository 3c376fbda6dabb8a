"""One running local AWS, as a client sees it."""

import contextlib
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from local_aws.aws_clients import local_client
from local_stack.paths import GLUE_PYTHON, JARS, JAVA_HOME, ROOT
from local_stack.ports import free_ports

BUCKET = "lake"
# Two of Glue's minutes pass in a second, so that a run that waits for its timeout does not keep us.
SECONDS_PER_MINUTE = 0.5
STOP_GRACE_SECONDS = 1.0
# What no Glue run may inherit.
MISLEADING = {"VIRTUAL_ENV": "/nowhere", "SPARK_HOME": "/nowhere", "PYSPARK_DRIVER_PYTHON": "none"}
ENDED = ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")

Value = TypeVar("Value")


def wait_for(look: Callable[[], Value | None], seconds: float = 30.0) -> Value:
    """Return the first thing that `look` finds; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {look}"
        time.sleep(0.03)
    return found


@dataclass
class Aws:
    """Where one local AWS is, and what tests do with it again and again."""

    endpoint: str
    home: Path
    process: subprocess.Popen[str]
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Return a boto3 client for the service."""
        if service not in self.clients:
            self.clients[service] = local_client(service, self.endpoint)
        return self.clients[service]

    def put(self, key: str, content: str | bytes) -> str:
        """Return the location of a new object."""
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content)
        return f"s3://{BUCKET}/{key}"

    def create_job(self, name: str, script: str, **settings: Any) -> str:
        """Return the name of a new Glue job that runs `script`."""
        location = self.put(f"scripts/{name}.py", script)
        command = {"Name": "glueetl", "ScriptLocation": location}
        self.client("glue").create_job(Name=name, Role="glue", Command=command, **settings)
        return name

    def start_run(self, job: str, **settings: Any) -> str:
        """Return the id of a new run."""
        run_id: str = self.client("glue").start_job_run(JobName=job, **settings)["JobRunId"]
        return run_id

    def get_run(self, job: str, run_id: str) -> dict[str, Any]:
        """Return the run as it is now."""
        run: dict[str, Any] = self.client("glue").get_job_run(JobName=job, RunId=run_id)["JobRun"]
        return run

    def wait_for_run(self, job: str, run_id: str, *states: str) -> dict[str, Any]:
        """Return the run once it is in one of the states, or else in any end state."""
        wanted = states or ENDED

        def look() -> dict[str, Any] | None:
            run = self.get_run(job, run_id)
            return run if run["JobRunState"] in wanted else None

        return wait_for(look, 60)

    def log_lines(self, kind: str, run_id: str) -> list[str]:
        """Return what the run wrote to CloudWatch Logs so far."""
        group = f"/aws-glue/jobs/{kind}"
        logs = self.client("logs")
        with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
            events = logs.get_log_events(
                logGroupName=group, logStreamName=run_id, startFromHead=True
            )["events"]
            return [event["message"] for event in events]
        return []

    def process_id(self, run_id: str) -> int:
        """Return the id of the run's main process."""
        return int((self.home / "glue_runs" / run_id / "pid").read_text())

    def query(self, sql: str, database: str | None = "shop", **settings: Any) -> dict[str, Any]:
        """Return the ended execution of a query."""
        started = self.client("athena").start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": database} if database else {},
            ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/athena_queries/"},
            **settings,
        )
        return self.wait_for_query(started["QueryExecutionId"])

    def wait_for_query(self, query_id: str) -> dict[str, Any]:
        """Return the execution once it has ended."""

        def look() -> dict[str, Any] | None:
            answer = self.client("athena").get_query_execution(QueryExecutionId=query_id)
            execution: dict[str, Any] = answer["QueryExecution"]
            ended = execution["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED")
            return execution if ended else None

        return wait_for(look)

    def rows(self, sql: str, database: str | None = "shop") -> list[list[str | None]]:
        """Return the texts of a query's answer, without the first row, the names."""
        execution = self.query(sql, database)
        assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
        pages = self.client("athena").get_paginator("get_query_results")
        found = pages.paginate(QueryExecutionId=execution["QueryExecutionId"])
        rows = [row["Data"] for page in found for row in page["ResultSet"]["Rows"]]
        return [[value.get("VarCharValue") for value in row] for row in rows[1:]]


def is_alive(pid: int) -> bool:
    """Return whether the process runs; one that nobody has reaped yet does not."""
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


@contextlib.contextmanager
def running_aws(home: Path, *options: str, glue_python: Path = GLUE_PYTHON) -> Iterator[Aws]:
    """Serve one local AWS from a process of its own, with one bucket."""
    [port] = free_ports(1)
    command = [
        *(sys.executable, "-m", "local_aws", "--port", str(port), "--home", str(home)),
        *("--glue-python", str(glue_python), "--jars", str(JARS)),
        *("--java-home", JAVA_HOME.read_text().strip()),
        *("--seconds-per-minute", str(SECONDS_PER_MINUTE)),
        *("--stop-grace-seconds", str(STOP_GRACE_SECONDS)),
        *options,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **MISLEADING}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, cwd=home.parent
    )
    try:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], 60)[0], "local AWS did not start"
        assert process.stdout.readline().startswith("local AWS is ready")
        aws = Aws(f"http://127.0.0.1:{port}", home, process)
        aws.client("s3").create_bucket(Bucket=BUCKET)
        yield aws
    finally:
        process.terminate()
        process.wait(30)
