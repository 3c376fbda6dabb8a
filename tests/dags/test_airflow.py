"""What Airflow's own models and commands do with the DAG: deadlines, callbacks, clearing."""

import json
import shlex
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import structlog
from airflow import plugins_manager, settings
from airflow.api_fastapi.core_api.datamodels.task_instances import ClearTaskInstancesBody
from airflow.cli import cli_parser
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.dag_processing.processor import _execute_dag_callbacks
from airflow.models import Deadline
from airflow.models.dagrun import DagRun
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance, clear_task_instances
from airflow.utils.db import initdb
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from lakehouse_airflow.advice import command
from lakehouse_airflow.delays import PARAM
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.dags.lakehouse import Lakehouse

DAG_ID = "orders_lakehouse"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HALF_A_MINUTE = timedelta(seconds=30)

NewRun = Callable[..., DagRun]


@pytest.fixture(scope="module")
def bag(project: Path) -> Iterator[BundleDagBag]:
    """The DAG as the dag processor reads it and writes it into the database."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("LAKEHOUSE_ENVIRONMENT", "fast")
        monkeypatch.setattr(settings, "DAGS_FOLDER", str(project / "dags"))
        initdb()
        manager = DagBundlesManager()  # type: ignore[no-untyped-call]
        manager.sync_bundles_to_db()
        [bundle] = manager.get_all_dag_bundles()
        bag = BundleDagBag(project / "dags", bundle_path=project / "dags", bundle_name=bundle.name)
        sync_bag_to_db(bag, bundle.name, None)
        yield bag


@pytest.fixture
def session(bag: BundleDagBag) -> Iterator[Session]:
    with settings.get_session()() as session:  # type: ignore[no-untyped-call]
        yield session


@pytest.fixture
def new_run(session: Session) -> NewRun:
    """Creates a run of the DAG, as the scheduler or the API server does."""
    serialized = SerializedDagModel.get(DAG_ID, session=session)
    assert serialized is not None

    def new_run(logical_date: datetime | None = None, **conf: Any) -> DagRun:
        run: DagRun = serialized.dag.create_dagrun(
            run_id=f"manual__{uuid4()}",
            logical_date=logical_date,
            data_interval=(logical_date, logical_date) if logical_date else None,
            run_after=datetime.now(UTC),
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST,
            state=DagRunState.QUEUED,
            conf=conf,
            session=session,
        )
        session.flush()
        return run

    return new_run


def deadline_of(run: DagRun, session: Session) -> Deadline:
    return session.scalars(select(Deadline).where(Deadline.dagrun_id == run.id)).one()


def fail(run: DagRun, task_id: str, session: Session) -> TaskInstance:
    """Let a task of the run, and so the run, have failed."""
    ti = next(ti for ti in run.get_task_instances(session=session) if ti.task_id == task_id)
    ti.state, ti.try_number, ti.end_date = TaskInstanceState.FAILED, 2, datetime.now(UTC)
    ti.start_date = datetime.now(UTC)
    run.set_state(DagRunState.FAILED)
    session.flush()
    return ti


def test_the_deadline_s_reference_is_registered() -> None:
    registered = plugins_manager.get_deadline_references_plugins()

    assert list(registered) == ["lakehouse_airflow.delays.EarliestDelay"]


@pytest.mark.parametrize(
    ("conf", "minutes"),
    [({}, 60), ({PARAM: 5}, 5), ({PARAM: 0.5}, 0.5)],
    ids=["by default", "by its parameter", "by a part of a minute"],
)
def test_a_run_can_t_be_late_before_its_own_minutes_are_over(
    conf: dict[str, Any], minutes: float, new_run: NewRun, session: Session
) -> None:
    run = new_run(**conf)

    expected = datetime.now(UTC) + timedelta(minutes=minutes)
    assert abs(deadline_of(run, session).deadline_time - expected) < HALF_A_MINUTE


def test_a_task_of_a_failed_run_is_cleared_before_its_deadline(
    new_run: NewRun, session: Session
) -> None:
    run = new_run()
    deadline_time = deadline_of(run, session).deadline_time
    ti = fail(run, "load_delta", session)

    clear_task_instances([ti], session)
    session.flush()

    assert (run.state, ti.state) == (DagRunState.QUEUED, None)
    assert deadline_of(run, session).deadline_time == deadline_time


def test_a_missed_deadline_calls_the_package_with_the_run(
    new_run: NewRun, session: Session
) -> None:
    deadline = deadline_of(new_run(late_after_minutes=5), session)

    deadline.handle_miss(session)
    session.flush()

    trigger = deadline.callback.trigger
    assert trigger.kwargs["callback_path"] == "lakehouse_airflow.delays.alert_when_late"
    kwargs = trigger.kwargs["callback_kwargs"]
    assert kwargs["facts"]["sns_topics"]["processing_delays"]
    assert kwargs["context"]["dag_run"]["conf"] == {PARAM: 5}


@pytest.mark.parametrize("reason", ["timed_out", "task_failure"])
def test_the_dag_processor_s_callback_reports_what_no_task_could(
    reason: str, new_run: NewRun, session: Session, bag: BundleDagBag, lakehouse: Lakehouse
) -> None:
    run = new_run()
    ti = fail(run, "load_delta", session)
    run.dag = SerializedDagModel.get(DAG_ID, session=session).dag  # type: ignore[union-attr]
    request = run.produce_dag_callback(run.dag, success=False, relevant_ti=ti, reason=reason)
    assert request is not None

    _execute_dag_callbacks(bag, request, structlog.get_logger())

    [envelope] = lakehouse.inbox.messages()
    kinds = {"timed_out": "TIMED OUT: orders_lakehouse", "task_failure": "FAILED: orders_lakehouse"}
    assert envelope["Subject"].startswith(kinds[reason])
    assert "Task: load_delta, try 2" in envelope["Message"]


def test_a_callback_without_a_task_reports_too(
    new_run: NewRun, session: Session, bag: BundleDagBag, lakehouse: Lakehouse
) -> None:
    run = new_run()
    run.dag = SerializedDagModel.get(DAG_ID, session=session).dag  # type: ignore[union-attr]
    request = run.produce_dag_callback(run.dag, success=False, reason="timed_out")
    assert request is not None

    _execute_dag_callbacks(bag, request, structlog.get_logger())

    assert lakehouse.subjects() == ["TIMED OUT: orders_lakehouse"]


def test_the_command_clears_the_task_and_what_follows_it_in_this_run_alone(
    new_run: NewRun, session: Session
) -> None:
    run = new_run(logical_date=NOON)
    for ti in run.get_task_instances(session=session):
        ti.state = TaskInstanceState.FAILED
    run.set_state(DagRunState.FAILED)
    session.commit()
    facts = {"dag_id": DAG_ID, "dag_run_id": run.run_id, "logical_date": "2026-11-24T12:00:00Z"}

    arguments = cli_parser.get_parser().parse_args(shlex.split(command(facts, "check_quality"))[1:])
    arguments.func(arguments)

    session.expire_all()
    states = {ti.task_id: ti.state for ti in run.get_task_instances(session=session)}
    kept = {task_id for task_id, state in states.items() if state is not None}
    assert kept == {"wait_for_files", "plan_batch", "load_delta"}


def test_the_call_for_a_run_without_a_date_is_one_that_the_interface_takes() -> None:
    facts = {"dag_id": DAG_ID, "dag_run_id": "it's", "logical_date": None}

    *_, url, _, _, _, _, _, body = shlex.split(command(facts, "load_delta"))

    assert url.endswith("/api/v2/dags/orders_lakehouse/clearTaskInstances")
    asked = ClearTaskInstancesBody.model_validate(json.loads(body))
    assert (asked.dag_run_id, asked.task_ids) == ("it's", ["load_delta"])
    assert (asked.include_downstream, asked.only_failed, asked.dry_run) == (True, False, False)
