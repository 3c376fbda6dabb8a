"""Files through the DAG, watched, and what became of them."""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from rich.console import Console

from local_stack.airflow_api import USER, AirflowApi, read_password
from local_stack.airflow_server import AIRFLOW_HOME, DAG_ID
from local_stack.compose import password_in_containers
from local_stack.deliveries import deliver, find_files, waiting_files
from local_stack.deployment import Deployment, read_deployment
from local_stack.failures import describe_failure, first_failed
from local_stack.lines import say
from local_stack.paths import LOCAL
from local_stack.progress import watch
from local_stack.report import report
from local_stack.run_records import (
    OPEN_BATCH,
    Alert,
    Record,
    RunRecords,
    read_alerts,
    read_record,
    read_run_records,
)
from local_stack.sample import write_sample
from local_stack.stack import up
from local_stack.stack_state import Stack

LAST_RUN = "last_run.json"
EXAMPLE = "select count(*) as n from orders"


def demo(raw: Path | None, console: Console, start: Callable[[], Stack] = up) -> bool:
    """Load the sample, or the files of `raw`; show the run; return whether it succeeded.

    `start` gives the running stack: of processes, or of containers.

    Raises:
        StackError: `raw` has no files, or the stack does not come up.
    """
    files = find_files(raw) if raw else write_sample(LOCAL / "sample")
    stack = start()
    deployment = read_deployment()
    deliver_files(deployment, files)
    state = run_dag(stack, deployment, console)
    print_next(stack, deployment, console)
    return state == "success"


def run_dag(stack: Stack, deployment: Deployment, console: Console, **conf: Any) -> str:
    """Run the DAG with the parameters, show the run and what it did; return how it ended."""
    (stack.folder / LAST_RUN).unlink(missing_ok=True)
    api = AirflowApi(stack.airflow_url, password_of(stack))
    run_id = f"demo__{datetime.now(UTC):%Y-%m-%dT%H-%M-%S}_{secrets.token_hex(3)}"
    api.trigger(DAG_ID, run_id, conf)
    say(f"run {run_id}: {stack.airflow_url}/dags/{DAG_ID}/runs/{run_id}")
    state = watch(api, DAG_ID, run_id, console, stack)
    say(f"the run has ended: {state}")
    conclude(stack, api, deployment, run_id, state, console)
    return state


def password_of(stack: Stack) -> str:
    """Return the password of Airflow's administrator."""
    if stack.in_containers:
        return password_in_containers()
    return str(read_password(stack.folder / AIRFLOW_HOME))


def deliver_files(deployment: Deployment, files: list[Path]) -> None:
    """Put the files into raw/, and say so if the run will not be about them."""
    s3 = boto3.client("s3")
    put = deliver(s3, deployment, files)
    there = f", {len(files) - put} are there already" if put < len(files) else ""
    say(f"{put} files put into s3://{deployment.bucket}/{deployment.raw}{there}")
    if batch := read_record(s3, deployment, OPEN_BATCH):
        say(
            f"batch {batch['batch_id']} was left open by an earlier run: this run goes on with it; "
            "files that are not part of it wait for the next run"
        )


def conclude(
    stack: Stack, api: AirflowApi, deployment: Deployment, run_id: str, state: str, console: Console
) -> None:
    """Write the run down and print what it did."""
    instances = api.task_instances(DAG_ID, run_id)
    records = read_run_records(boto3.client("s3"), deployment, run_id)
    alerts = read_alerts(boto3.client("sqs"), run_id, records.batch_id)
    written = describe_run(run_id, state, instances, records, alerts)
    (stack.folder / LAST_RUN).write_text(json.dumps(written, indent=1))
    report(console, records, alerts)
    console.print()
    if failed := first_failed(instances):
        console.print(describe_failure(api, failed))
        console.print()


def describe_run(
    run_id: str,
    state: str,
    instances: list[dict[str, Any]],
    records: RunRecords,
    alerts: list[Alert],
) -> Record:
    """Return the run as last_run.json has it; null is what the run did not get to."""
    return {
        "batch_id": records.batch_id,
        "dag_run_id": run_id,
        "state": state,
        "tasks": {instance["task_id"]: instance["state"] for instance in instances},
        "load": records.load,
        "quality": records.quality,
        "archived": records.archived,
        "alerts": [alert.subject for alert in alerts],
    }


def print_next(stack: Stack, deployment: Deployment, console: Console) -> None:
    """Print where to look next."""
    if waiting := waiting_files(boto3.client("s3"), deployment):
        console.print(f"{len(waiting)} files wait in {deployment.raw}: make demo goes on with them")
    console.print(f"Airflow  {stack.airflow_url}   login {USER}, password {password_of(stack)}")
    console.print(f'Ask      make query SQL="{EXAMPLE}"')
    console.print("Stop     make down")
