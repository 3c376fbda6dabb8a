from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException, TaskDeferred
from botocore.exceptions import ClientError
from lakehouse_airflow.batches import BatchNotReady, require_loaded
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.operators import (
    DeltaGlueJobOperator,
    GlueJobBusy,
    GlueRunFailed,
    GlueRunRefused,
    GlueRunStopped,
)

from tests.plugins.airflow_fixtures import Bucket
from tests.plugins.glue_fixtures import GlueJob, NewJob, TaskInstance, wait_until

TASK_UUID = "orders_lakehouse:load_delta:manual__1:-1"
SLEEPS = "import time; time.sleep(60)"
# Takes its time to end when it is stopped, as Glue does.
LINGERS = """
import boto3, signal, time
signal.signal(signal.SIGTERM, lambda *_: time.sleep(2))
boto3.client("s3").put_object(Bucket="delta-lake-bkt01", Key="lingering")
time.sleep(60)
"""


@pytest.fixture
def job(new_job: NewJob) -> GlueJob:
    """The load job, which runs until it is stopped."""
    return new_job(SLEEPS)


def anything_goes(deployment: Deployment, batch_id: str) -> None:
    """Require nothing."""


def operator(deployment: Deployment, **options: Any) -> DeltaGlueJobOperator:
    arguments: dict[str, Any] = {
        "task_id": "load_delta",
        "deployment": deployment,
        "job": deployment.glue_jobs.load,
        "batch_id": "b1",
        "requires": anything_goes,
    }
    return DeltaGlueJobOperator(**(arguments | options))


def context(ti: TaskInstance | None = None) -> Any:
    return {"ti": ti or TaskInstance()}


def execute(deployment: Deployment, ti: TaskInstance | None = None, **options: Any) -> TaskDeferred:
    """Execute until the task defers."""
    with pytest.raises(TaskDeferred) as caught:
        operator(deployment, **options).execute(context(ti))
    return caught.value


def complete(deployment: Deployment, run_id: str, state: str, message: str = "") -> Any:
    event = {"run_id": run_id, "state": state, "message": message}
    return operator(deployment).execute_complete(context(), event)


def test_a_run_is_started_with_the_batch_and_waited_for(
    job: GlueJob, deployment: Deployment
) -> None:
    ti = TaskInstance()

    deferral = execute(deployment, ti)

    [run] = job.runs()
    assert run["Arguments"] == {"--batch_id": "b1", "--airflow_task_uuid": TASK_UUID}
    assert (deferral.trigger.run_id, deferral.method_name) == (run["Id"], "execute_complete")
    assert ti.xcoms["glue_job_run_id"] == run["Id"]


def test_arguments_that_ask_for_something_reach_the_run(
    job: GlueJob, deployment: Deployment
) -> None:
    args = {"share": "0.2", "zero": "0", "unset": "null", "unticked": "false"}
    execute(deployment, job_args=args)

    [run] = job.runs()
    assert run["Arguments"] == {
        "--share": "0.2",
        "--zero": "0",
        "--batch_id": "b1",
        "--airflow_task_uuid": TASK_UUID,
    }


def test_a_run_with_other_arguments_is_taken_up_all_the_same(
    job: GlueJob, deployment: Deployment
) -> None:
    first = execute(deployment, job_args={"share": "0.1"}).trigger.run_id

    assert execute(deployment, job_args={"share": "0.2"}).trigger.run_id == first
    assert len(job.runs()) == 1


def test_the_wait_outlasts_glue_s_own_time_out(job: GlueJob, deployment: Deployment) -> None:
    trigger = execute(deployment).trigger

    assert trigger.attempts * trigger.waiter_delay / 60 == 120 + 30


def test_the_trigger_looks_in_the_deployment_s_region(job: GlueJob, deployment: Deployment) -> None:
    trigger = execute(deployment).trigger

    assert (trigger.region_name, trigger.aws_conn_id) == ("us-east-1", "aws_default")


@pytest.mark.parametrize("state", ["STARTING", "RUNNING"])
def test_another_try_takes_up_the_run_of_the_first(
    state: str, job: GlueJob, deployment: Deployment
) -> None:
    first = execute(deployment).trigger.run_id
    if state == "RUNNING":
        job.wait_for(first, "RUNNING")

    ti = TaskInstance()
    second = execute(deployment, ti)

    assert second.trigger.run_id == first
    assert ti.xcoms["glue_job_run_id"] == first
    assert len(job.runs()) == 1


def test_a_run_that_waits_in_glue_s_queue_is_taken_up_too(
    job: GlueJob, deployment: Deployment
) -> None:
    first = execute(deployment).trigger.run_id
    task = operator(deployment)
    # Local AWS queues no runs: its answer is changed on the way in.
    glue: Any = task.hook.get_conn()
    glue.meta.events.register("after-call.glue.GetJobRuns", show_as_queued)

    with pytest.raises(TaskDeferred) as caught:
        task.execute(context())
    assert caught.value.trigger.run_id == first


def test_a_stopping_run_is_waited_out_before_another_is_started(
    new_job: NewJob, bucket: Bucket, deployment: Deployment
) -> None:
    job = new_job(LINGERS)
    first = execute(deployment).trigger.run_id
    wait_until(lambda: bucket.listed("lingering"))
    job.stop(first)

    waits = execute(deployment)
    assert (waits.trigger.run_id, waits.method_name) == (first, "execute_after_stopping")
    job.wait_for(first, "STOPPED")
    with pytest.raises(TaskDeferred) as caught:
        operator(deployment).execute_after_stopping(context(), {})

    assert caught.value.trigger.run_id != first
    assert len(job.runs()) == 2


def test_a_run_of_another_dag_run_is_not_taken_up(job: GlueJob, deployment: Deployment) -> None:
    job.start(airflow_task_uuid="orders_lakehouse:load_delta:manual__0:-1")

    with pytest.raises(GlueJobBusy, match="running for someone else") as caught:
        operator(deployment).execute(context())
    assert not isinstance(caught.value, AirflowFailException)


def test_a_run_that_has_ended_is_not_taken_up(new_job: NewJob, deployment: Deployment) -> None:
    job = new_job("")
    first = execute(deployment).trigger.run_id
    job.wait_for(first, "SUCCEEDED")

    assert execute(deployment).trigger.run_id != first


def test_a_job_that_does_not_exist_is_not_made_up(bucket: Bucket, deployment: Deployment) -> None:
    with pytest.raises(ClientError, match="EntityNotFound"):
        operator(deployment).execute(context())


def test_a_task_whose_batch_is_not_ready_starts_nothing(
    job: GlueJob, deployment: Deployment
) -> None:
    with pytest.raises(BatchNotReady, match="clear load_delta"):
        operator(deployment, requires=require_loaded).execute(context())
    assert job.runs() == []


def test_success_returns_the_run(deployment: Deployment) -> None:
    assert complete(deployment, "jr_1", "SUCCEEDED") == "jr_1"


@pytest.mark.parametrize("state", ["FAILED", "TIMEOUT", "ERROR", "EXPIRED", "OVERDUE"])
def test_a_bad_end_is_tried_again_and_says_where_to_look(
    state: str, deployment: Deployment
) -> None:
    with pytest.raises(GlueRunFailed) as caught:
        complete(deployment, "jr_1", state, "no table")

    assert not isinstance(caught.value, AirflowFailException)
    for fact in ("Glue run jr_1 of Delta-lake-job", state, "no table", "/aws-glue/jobs/error"):
        assert fact in str(caught.value)


@pytest.mark.parametrize("error", ["lakehouse_spark.guard.BatchRefused", "UndoError"])
def test_a_refusal_of_the_job_is_not_tried_again_and_gives_its_reason(
    error: str, deployment: Deployment
) -> None:
    with pytest.raises(AirflowFailException, match=f"{error}: clear plan_batch") as caught:
        complete(deployment, "jr_1", "FAILED", f"{error}: clear plan_batch")
    assert isinstance(caught.value, GlueRunRefused)


def test_a_run_that_a_person_stopped_is_not_tried_again(
    bucket: Bucket, deployment: Deployment
) -> None:
    with pytest.raises(GlueRunStopped, match="a person stopped Glue run jr_1") as caught:
        complete(deployment, "jr_1", "STOPPED")
    assert isinstance(caught.value, AirflowFailException)


def test_a_run_that_was_stopped_by_clearing_the_task_is_run_again(
    job: GlueJob, deployment: Deployment, bucket: Bucket
) -> None:
    bucket.put_record("_stopped/jr_1.json", {})

    with pytest.raises(TaskDeferred) as caught:
        complete(deployment, "jr_1", "STOPPED")
    assert caught.value.trigger.run_id == job.runs()[0]["Id"]


def test_a_task_that_is_killed_before_it_waits_stops_its_run(
    job: GlueJob, deployment: Deployment, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = operator(deployment)
    monkeypatch.setattr(killed, "defer", killed_here)
    with pytest.raises(AirflowException, match="killed"):
        killed.execute(context())
    [run] = job.runs()

    killed.on_kill()

    assert job.wait_for(run["Id"], "STOPPED")
    assert bucket.record(f"_stopped/{run['Id']}.json")["job"] == job.name


def test_a_task_that_is_killed_before_it_starts_a_run_stops_nothing(
    job: GlueJob, deployment: Deployment
) -> None:
    run_id = job.start()

    operator(deployment).on_kill()

    job.wait_for(run_id, "RUNNING")


def test_every_template_field_is_an_attribute(deployment: Deployment) -> None:
    task = operator(deployment)

    assert {"batch_id", "job_args"} < set(task.template_fields)
    assert all(hasattr(task, name) for name in task.template_fields)


def killed_here(**_: Any) -> None:
    raise AirflowException("killed")


def show_as_queued(parsed: dict[str, Any], **_: Any) -> None:
    for run in parsed["JobRuns"]:
        run["JobRunState"] = "WAITING"
