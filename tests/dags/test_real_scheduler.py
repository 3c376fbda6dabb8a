"""What ``dag.test`` can't show, on a real scheduler and triggerer: a time-out, a cleared task."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_stack.airflow_api import AirflowApi, is_healthy, read_password
from local_stack.airflow_server import SERVICES
from local_stack.environment import airflow_environment, stack_environment
from local_stack.paths import AIRFLOW_PYTHON
from local_stack.processes import Process, end_marked, start
from local_stack.waiting import wait_for
from tests.dags.glue_scripts import LOAD, SLEEPS_THE_FIRST_TIME
from tests.dags.lakehouse import Lakehouse
from tests.plugins.airflow_fixtures import free_port

DAG_ID = "orders_lakehouse"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("airflow")


@pytest.fixture(scope="module")
def airflow(project: Path, endpoint: str, home: Path) -> Iterator[AirflowApi]:
    """A whole Airflow over the project, with the pool and the DAG switched on."""
    port = free_port()
    environment = {
        **stack_environment(endpoint, home),
        **airflow_environment(home, project, port),
        "LAKEHOUSE_ENVIRONMENT": "fast",
    }

    def launch(name: str, *arguments: str) -> Process:
        return start(name, [AIRFLOW_PYTHON, "-m", "airflow", *arguments], environment, home)

    try:
        migrate = [str(AIRFLOW_PYTHON), "-m", "airflow", "db", "migrate"]
        subprocess.run(migrate, env=environment, check=True, stdout=subprocess.DEVNULL)
        processes = [launch(name, *arguments) for name, arguments in SERVICES.items()]
        url = f"http://127.0.0.1:{port}"
        wait_for("Airflow", lambda: is_healthy(url), processes)
        api = AirflowApi(url, wait_for("login", lambda: read_password(home), processes))
        wait_for("the DAG", lambda: api.dag(DAG_ID), processes)
        api.set_pool({"name": "delta_writer", "slots": 1, "include_deferred": True})
        api.unpause(DAG_ID)
        yield api
    finally:
        end_marked(home)


def test_a_run_without_files_is_all_skips_and_a_success(
    airflow: AirflowApi, lakehouse: Lakehouse
) -> None:
    lakehouse.withdraw_file()

    airflow.trigger(DAG_ID, "empty")

    assert end_state(airflow, "empty") == "success"
    assert set(states(airflow, "empty").values()) == {"skipped"}
    assert lakehouse.subjects() == []


def test_clearing_a_running_load_stops_its_glue_run_and_starts_another(
    airflow: AirflowApi, lakehouse: Lakehouse, home: Path
) -> None:
    lakehouse.use(load=SLEEPS_THE_FIRST_TIME + LOAD)
    airflow.trigger(DAG_ID, "cleared")
    wait_until(lambda: "is RUNNING" in trigger_log(home, "cleared", "load_delta"))

    clear(airflow, "cleared", "load_delta")

    assert end_state(airflow, "cleared") == "success"
    runs = boto3.client("glue").get_job_runs(JobName="Delta-lake-job")["JobRuns"]
    assert sorted(run["JobRunState"] for run in runs) == ["STOPPED", "SUCCEEDED"]
    assert [subject.partition(":")[0] for subject in lakehouse.subjects()] == ["Published"]


def clear(airflow: AirflowApi, run_id: str, task_id: str) -> None:
    """Clear a task with all that comes after it, as a person does in the grid."""
    asked = {
        "dry_run": False,
        "dag_run_id": run_id,
        "task_ids": [task_id],
        "only_failed": False,
        "include_downstream": True,
    }
    airflow.call("POST", f"/api/v2/dags/{DAG_ID}/clearTaskInstances", asked)


def trigger_log(home: Path, run_id: str, task_id: str) -> str:
    """Return what the triggerer logged for a task."""
    folder = home / "logs" / f"dag_id={DAG_ID}" / f"run_id={run_id}" / f"task_id={task_id}"
    return "".join(path.read_text() for path in folder.glob("*.trigger.*"))


def states(airflow: AirflowApi, run_id: str) -> dict[str, str]:
    return {
        instance["task_id"]: instance["state"]
        for instance in airflow.task_instances(DAG_ID, run_id)
    }


def end_state(airflow: AirflowApi, run_id: str) -> str:
    """Return the state of the run once it has ended."""
    wait_until(lambda: airflow.run_state(DAG_ID, run_id) in ("success", "failed"))
    return airflow.run_state(DAG_ID, run_id)


def wait_until(look: Callable[[], Any], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.5)
