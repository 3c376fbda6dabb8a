"""What every DAG of this project keeps to; each message says what to type."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
from lakehouse_airflow.alerts import FailureNotifier
from lakehouse_airflow.deployment import ENVIRONMENT_VARIABLE
from lakehouse_airflow.operators import START_UP_MINUTES, DeltaGlueJobOperator

from tests.plugins.airflow_fixtures import ROOT

DAGS = ROOT / "dags"
DAG_FILES = sorted(DAGS.glob("*.py"))
# What only tasks need, at run time: importing it would slow down every parse.
HEAVY = {"duckdb", "deltalake", "moto", "numpy", "pandas", "pyarrow", "pyspark", "soda"}


@pytest.fixture(scope="module")
def bag() -> DagBag:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
        return DagBag(DAGS)


@pytest.fixture
def dag(bag: DagBag, path: Path) -> DAG:
    dag: DAG = bag.dags[path.stem]
    return dag


of_every_dag = pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)


def test_every_dag_file_can_be_imported(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert bag.captured_warnings == {}


def test_there_is_one_dag_a_file_of_the_same_name(bag: DagBag) -> None:
    assert DAG_FILES, "no DAG file was found"
    assert set(bag.dags) == {path.stem for path in DAG_FILES}


@of_every_dag
def test_the_docs_are_the_page_for_whoever_is_on_call(dag: DAG) -> None:
    headings = re.findall(r"^## (.+)$", dag.doc_md or "", flags=re.MULTILINE)

    assert headings == ["What", "Triage", "Owner"], "the docstring needs ## What, Triage, Owner"


@of_every_dag
def test_the_triage_says_what_to_do_about_every_task(dag: DAG) -> None:
    triage = (dag.doc_md or "").split("## Triage")[1].split("## Owner")[0]
    named = re.findall(r"`(\w+\*?)`", triage)

    untold = [task for task in dag.task_ids if not any(is_named(task, name) for name in named)]
    assert untold == [], "add a line to ## Triage for each of these"


def is_named(task_id: str, name: str) -> bool:
    return task_id.startswith(name[:-1]) if name.endswith("*") else task_id == name


@of_every_dag
def test_every_task_is_tried_again_or_says_why_not(dag: DAG) -> None:
    untried = [task.task_id for task in dag.tasks if not task.retries and not task.doc_md]

    assert untried == [], "give each of these retries, or a doc_md that says why it has none"


@of_every_dag
def test_the_gate_is_never_tried_again(dag: DAG) -> None:
    assert dag.get_task("quality_gate").retries == 0


@of_every_dag
def test_retries_back_off(dag: DAG) -> None:
    assert {task.retry_exponential_backoff for task in dag.tasks if task.retries} == {2}


@of_every_dag
def test_every_task_alerts_one_topic_when_it_fails_for_good(dag: DAG) -> None:
    for task_id, callbacks in failure_callbacks(dag).items():
        assert len(callbacks) == 1, f"{task_id}: one alert is enough"
        assert isinstance(callbacks[0], FailureNotifier), f"{task_id}: use notify_failure(…)"


@of_every_dag
def test_only_the_gate_alerts_the_quality_topic(dag: DAG) -> None:
    topics = {task_id: each.topic for task_id, [each] in failure_callbacks(dag).items()}

    assert topics.pop("quality_gate") == "orders-lakehouse-data-quality"
    assert set(topics.values()) == {"orders-lakehouse-job-failures"}


def failure_callbacks(dag: DAG) -> dict[str, Any]:
    return {task.task_id: task.on_failure_callback for task in dag.tasks}


@of_every_dag
def test_glue_tasks_that_write_tables_share_the_pool_of_one(dag: DAG) -> None:
    glue_tasks = [task for task in dag.tasks if isinstance(task, DeltaGlueJobOperator)]
    assert glue_tasks, "no Glue task was found"

    for task in glue_tasks:
        assert task.pool == "delta_writer", f"{task.task_id}: mend its pool"


@of_every_dag
def test_runs_neither_pile_up_nor_catch_up(dag: DAG) -> None:
    assert (dag.max_active_runs, dag.catchup) == (1, False)


@of_every_dag
def test_a_run_is_not_timed_out_while_its_glue_jobs_may_still_be_tried(dag: DAG) -> None:
    glue_tasks = [task for task in dag.tasks if isinstance(task, DeltaGlueJobOperator)]
    minutes = sum(
        (task.job.timeout_minutes + START_UP_MINUTES) * (1 + (task.retries or 0))
        for task in glue_tasks
    )

    assert dag.dagrun_timeout is not None, "give it a dagrun_timeout"
    assert dag.dagrun_timeout > timedelta(minutes=minutes)


@of_every_dag
def test_a_run_that_fails_reports_even_if_no_task_could(dag: DAG) -> None:
    callbacks = dag.on_failure_callback

    assert isinstance(callbacks, FailureNotifier), "use notify_failure(…)"


@of_every_dag
def test_every_param_is_a_field_of_a_form(dag: DAG) -> None:
    for name in dag.params:
        schema = dag.params.get_param(name).schema
        assert {"title", "type"} <= set(schema), f"{name}: use Param(…, title=…, type=…)"


@of_every_dag
def test_a_dag_survives_the_way_through_the_database(dag: DAG) -> None:
    serialized = DagSerialization.serialize_dag(dag)

    assert set(DagSerialization.deserialize_dag(serialized).task_dict) == set(dag.task_ids)


@of_every_dag
def test_two_parses_give_the_same_dag(dag: DAG, path: Path) -> None:
    again = DagBag(path).dags[path.stem]

    assert DagSerialization.serialize_dag(again) == DagSerialization.serialize_dag(dag)


PARSE = """
import runpy, sys

opened = set()

def watch(event, arguments):
    if event == "socket.connect":
        sys.exit(f"reached for {arguments[1]}")
    if event == "open":
        opened.add(str(arguments[0]))

sys.addaudithook(watch)
for path in sys.argv[1:]:
    runpy.run_path(path)
print("parsed", *sys.modules)
print("parsed", *opened)
"""


@pytest.fixture(scope="module")
def parse() -> tuple[set[str], set[str]]:
    """Return what a parse of all DAG files, with the network watched, imports and opens."""
    finished = subprocess.run(
        [sys.executable, "-c", PARSE, *map(str, DAG_FILES)],
        cwd=ROOT / "plugins",
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in finished.stdout.splitlines() if line.startswith("parsed ")]
    modules, opened = (set(line.split()[1:]) for line in lines)
    return modules, opened


def test_a_parse_imports_nothing_heavy(parse: tuple[set[str], set[str]]) -> None:
    assert parse[0] & HEAVY == set()


def test_a_parse_reads_nothing_but_the_deploy_file(parse: tuple[set[str], set[str]]) -> None:
    data_files = {path for path in parse[1] if "/include/" in path and path.startswith(str(ROOT))}

    assert {Path(path).name for path in data_files if "site-packages" not in path} == {
        "lakehouse.yaml"
    }


def test_the_packages_beside_the_dags_and_plugins_are_hidden_from_the_loaders() -> None:
    assert "include/" in (DAGS / ".airflowignore").read_text().splitlines()
    hidden = (ROOT / "plugins" / ".airflowignore").read_text().splitlines()
    packages = [path.name for path in (ROOT / "plugins").iterdir() if path.is_dir()]
    assert [f"{name}/" for name in packages if name != "__pycache__"] == [
        line for line in hidden if line and not line.startswith("#")
    ]
