"""Whole runs through the real DAG: what becomes of every task, of the files and of the people."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from airflow import settings
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.db import initdb

from tests.dags.glue_scripts import FAIL, LOAD_AND_LOSE_THE_FILES, LOAD_WHAT_THE_LEDGER_HAS_NOT
from tests.dags.lakehouse import PRODUCTS, RAW_FILE, Lakehouse

TASKS = {
    "wait_for_files",
    "plan_batch",
    "load_delta",
    "check_quality",
    "quality_gate",
    "undo_batch",
    "run_crawler",
    "query_rows_per_batch",
    "query_partition_pruning",
    "query_tables_joined",
    "publish_batch",
    "archive_files",
    "publish_metrics",
    "notify_success",
}


@dataclass(frozen=True)
class Outcome:
    """What became of a run: its state, its tasks' states and tries, the messages to people."""

    state: str
    tasks: dict[str, str]
    tries: dict[str, int]
    subjects: list[str]

    def tasks_in(self, state: str) -> set[str]:
        return {task_id for task_id, found in self.tasks.items() if found == state}


Run = Callable[..., Outcome]


@pytest.fixture(scope="module")
def dags_folder(project: Path) -> Iterator[Path]:
    """Where Airflow, in this process and with a database of its own, finds the DAG."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("LAKEHOUSE_ENVIRONMENT", "fast")
        monkeypatch.setattr(settings, "DAGS_FOLDER", str(project / "dags"))
        initdb()
        yield project / "dags"


@pytest.fixture
def run(dags_folder: Path, lakehouse: Lakehouse) -> Run:
    """Runs the DAG, parsed anew: in one process, a run's params would stay for the next."""

    def run(**params: Any) -> Outcome:
        dag = DagBag(dags_folder).dags["orders_lakehouse"]
        # For a run that succeeds, dag.test looks for ids of deadlines, which only a scheduler has.
        dag.deadline = None
        dag_run = dag.test(logical_date=None, run_conf=params)
        instances = dag_run.get_task_instances()
        return Outcome(
            state=dag_run.state,
            tasks={instance.task_id: str(instance.state) for instance in instances},
            tries={instance.task_id: instance.try_number for instance in instances},
            subjects=lakehouse.subjects(),
        )

    return run


@pytest.mark.long
def test_a_good_batch_goes_all_the_way(run: Run, lakehouse: Lakehouse) -> None:
    outcome = run(max_reject_share=0.5)

    assert outcome.state == "success"
    assert lakehouse.load_arguments()["--max_reject_share"] == "0.5"
    assert outcome.tasks_in("skipped") == {"undo_batch"}
    assert outcome.tasks_in("success") == TASKS - {"undo_batch"}
    [subject] = outcome.subjects
    assert subject.startswith("Published: batch")
    assert len(lakehouse.bucket.listed("published/")) == 1
    assert lakehouse.bucket.listed("raw/") == []
    assert len(lakehouse.bucket.listed("archive/products/")) == 1
    assert lakehouse.timed_tasks() == TASKS - {"undo_batch", "publish_metrics", "notify_success"}


def test_nothing_to_plan_skips_everything(run: Run, lakehouse: Lakehouse) -> None:
    lakehouse.withdraw_file()
    lakehouse.bucket.put("raw/customers/a.csv", "id\n1\n")

    outcome = run()

    assert outcome.state == "success"
    assert outcome.tasks_in("success") == {"wait_for_files"}
    assert outcome.tasks_in("skipped") == TASKS - {"wait_for_files"}
    assert outcome.subjects == []


@pytest.mark.long
def test_a_plan_that_fails_undoes_nothing(run: Run, lakehouse: Lakehouse) -> None:
    lakehouse.bucket.s3.put_bucket_versioning(
        Bucket=lakehouse.bucket.name, VersioningConfiguration={"Status": "Suspended"}
    )

    outcome = run()

    assert outcome.state == "failed"
    assert outcome.tasks_in("failed") == {"plan_batch"}
    assert outcome.tasks_in("skipped") == {"undo_batch", "publish_metrics"}
    assert outcome.subjects == ["FAILED: orders_lakehouse.plan_batch"]


def test_a_load_that_fails_is_tried_again_and_alerts_once(run: Run, lakehouse: Lakehouse) -> None:
    lakehouse.use(load=FAIL)

    outcome = run()

    assert outcome.state == "failed"
    assert outcome.tasks_in("success") == {"wait_for_files", "plan_batch"}
    assert outcome.tasks_in("failed") == {"load_delta"}
    assert outcome.tasks_in("skipped") == {"undo_batch", "publish_metrics"}
    assert outcome.tries["load_delta"] == 2
    assert outcome.subjects == ["FAILED: orders_lakehouse.load_delta"]
    assert lakehouse.bucket.listed("raw/") == [RAW_FILE]


@pytest.mark.long
def test_the_next_batch_that_is_published_recovers_the_failure_once(
    run: Run, lakehouse: Lakehouse
) -> None:
    lakehouse.use(load=FAIL)
    run()
    lakehouse.use()

    outcome = run()

    assert outcome.state == "success"
    recovered, published = sorted(outcome.subjects, reverse=True)
    assert recovered.startswith("RECOVERED: orders_lakehouse, batch ")
    assert published.startswith("Published: batch")


@pytest.mark.long
def test_a_check_that_crashes_undoes_nothing(run: Run, lakehouse: Lakehouse) -> None:
    lakehouse.use(check=FAIL)

    outcome = run()

    assert outcome.state == "failed"
    assert outcome.tasks_in("success") == {"wait_for_files", "plan_batch", "load_delta"}
    assert outcome.tasks_in("failed") == {"check_quality"}
    assert outcome.tasks_in("skipped") == {"undo_batch", "publish_metrics"}
    assert outcome.subjects == ["FAILED: orders_lakehouse.check_quality"]


def test_a_batch_that_the_gate_turns_away_is_undone(run: Run, lakehouse: Lakehouse) -> None:
    outcome = run(min_quality_score=95)

    assert outcome.state == "failed"
    assert outcome.tasks_in("failed") == {"quality_gate"}
    assert outcome.tasks_in("upstream_failed") == {
        "run_crawler",
        "query_rows_per_batch",
        "query_partition_pruning",
        "query_tables_joined",
        "publish_batch",
        "archive_files",
        "notify_success",
    }
    assert outcome.tasks_in("success") == TASKS - outcome.tasks_in("upstream_failed") - {
        "quality_gate"
    }
    assert outcome.tries["quality_gate"] == 1
    assert outcome.subjects == ["FAILED: orders_lakehouse.quality_gate"]
    assert lakehouse.bucket.listed("raw/") == [RAW_FILE]


@pytest.mark.long
def test_a_batch_that_is_kept_fails_the_run_and_stays(run: Run, lakehouse: Lakehouse) -> None:
    outcome = run(min_quality_score=95, on_failing_verdict="keep")

    assert outcome.state == "failed"
    assert outcome.tasks_in("failed") == {"quality_gate"}
    assert outcome.tasks_in("skipped") == {"undo_batch"}
    assert outcome.subjects == ["FAILED: orders_lakehouse.quality_gate"]
    [ledger] = [key for key in lakehouse.bucket.listed("batches/") if key.endswith("/load.json")]

    outcome = run(min_quality_score=95, on_failing_verdict="undo")

    assert "undo_batch" in outcome.tasks_in("success")
    assert ledger not in lakehouse.bucket.listed("batches/")


@pytest.mark.long
def test_a_batch_that_is_set_aside_makes_room_for_what_is_left(
    run: Run, lakehouse: Lakehouse
) -> None:
    lakehouse.use(load=FAIL)
    run()
    batch_id = lakehouse.bucket.record("_open.json")["batch_id"]
    lakehouse.use()
    lakehouse.bucket.put("raw/products/later.csv", PRODUCTS)

    outcome = run(set_aside=batch_id)

    assert outcome.state == "success"
    assert lakehouse.bucket.listed(f"archive/set_aside/{batch_id}/")
    assert [key.rpartition("/")[2] for key in lakehouse.bucket.listed("archive/products/")] == [
        "later.csv"
    ]
    assert lakehouse.bucket.listed("raw/") == []


@pytest.mark.long
def test_a_batch_that_readers_see_otherwise_is_not_published(
    run: Run, lakehouse: Lakehouse
) -> None:
    lakehouse.use(load=LOAD_WHAT_THE_LEDGER_HAS_NOT)

    outcome = run()

    assert outcome.state == "failed"
    assert outcome.tasks_in("failed") == {"query_rows_per_batch"}
    assert outcome.tasks_in("upstream_failed") == {
        "publish_batch",
        "archive_files",
        "notify_success",
    }
    assert outcome.tries["query_rows_per_batch"] == 1
    assert outcome.subjects == ["FAILED: orders_lakehouse.query_rows_per_batch"]
    assert lakehouse.bucket.listed("raw/") == [RAW_FILE]
    assert lakehouse.bucket.listed("published/") == []


@pytest.mark.long
def test_an_archive_that_fails_keeps_the_batch_open(run: Run, lakehouse: Lakehouse) -> None:
    lakehouse.use(load=LOAD_AND_LOSE_THE_FILES)

    outcome = run()

    assert outcome.state == "failed"
    assert outcome.tasks_in("failed") == {"archive_files"}
    assert outcome.tasks_in("upstream_failed") == {"notify_success"}
    assert outcome.tasks_in("skipped") == {"undo_batch"}
    assert outcome.tasks_in("success") == TASKS - {"archive_files", "notify_success", "undo_batch"}
    assert outcome.subjects == ["FAILED: orders_lakehouse.archive_files"]
    assert "batches/_open.json" in lakehouse.bucket.listed("batches/")
