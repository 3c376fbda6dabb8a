import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from airflow.sdk._shared.module_loading import import_string
from botocore.exceptions import ClientError, EndpointConnectionError
from lakehouse_airflow.triggers import GlueRunTrigger

from tests.plugins.airflow_fixtures import Bucket
from tests.plugins.glue_fixtures import NewJob

JOB = "Delta-lake-job"
SLEEPS = "import time; time.sleep(60)"


def trigger(run_id: str = "jr_1", attempts: int = 100) -> GlueRunTrigger:
    return GlueRunTrigger(
        job_name=JOB,
        run_id=run_id,
        bucket="delta-lake-bkt01",
        stop_key=f"batches/_stopped/{run_id}.json",
        waiter_delay=0,
        waiter_max_attempts=attempts,
        region_name="us-east-1",
    )


def event_of(trigger: GlueRunTrigger) -> dict[str, Any]:
    async def first() -> dict[str, Any]:
        async for event in trigger.run():
            payload: dict[str, Any] = event.payload
            return payload
        raise AssertionError("the trigger ended without an event")

    return asyncio.run(first())


def scripted(monkeypatch: pytest.MonkeyPatch, answers: Iterable[str | Exception]) -> GlueRunTrigger:
    """Return a trigger whose Glue gives these answers: states that can't be had at will."""
    left = iter(answers)

    class Glue:
        async def get_job_run(self, **_: str) -> dict[str, Any]:
            answer = next(left)
            if isinstance(answer, Exception):
                raise answer
            return {"JobRun": {"JobRunState": answer}}

    class Hook:
        async def get_async_conn(self) -> Any:
            @asynccontextmanager
            async def connection() -> AsyncIterator[Glue]:
                yield Glue()

            return connection()

    monkeypatch.setattr(GlueRunTrigger, "hook", lambda _: Hook())
    return trigger(attempts=5)


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "GetJobRun")


def test_a_run_that_succeeds_is_reported(new_job: NewJob) -> None:
    run_id = new_job("print('done')").start()

    event = event_of(trigger(run_id, attempts=100_000))

    assert event == {"run_id": run_id, "state": "SUCCEEDED", "message": ""}


def test_a_run_that_fails_is_reported_with_glue_s_reason(new_job: NewJob) -> None:
    run_id = new_job("raise ValueError('no table')").start()

    event = event_of(trigger(run_id, attempts=100_000))

    assert event["state"] == "FAILED"
    assert "no table" in event["message"]


@pytest.mark.parametrize("state", ["SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED"])
def test_every_end_state_ends_the_wait(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    waits = scripted(monkeypatch, ["WAITING", "STARTING", "RUNNING", state])

    assert event_of(waits)["state"] == state


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(refused("ThrottlingException"), id="throttled"),
        pytest.param(refused("InternalServerError"), id="server error"),
        pytest.param(EndpointConnectionError(endpoint_url="http://glue"), id="no connection"),
    ],
)
def test_a_passing_fault_of_the_api_is_survived(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = scripted(monkeypatch, ["RUNNING", fault, "SUCCEEDED"])

    assert event_of(waits)["state"] == "SUCCEEDED"


def test_a_denied_look_fails_the_task_with_glue_s_words(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = scripted(monkeypatch, ["RUNNING", refused("AccessDeniedException")])

    with pytest.raises(ClientError, match="AccessDenied"):
        event_of(waits)


def test_a_run_beyond_its_own_time_out_is_overdue(monkeypatch: pytest.MonkeyPatch) -> None:
    event = event_of(scripted(monkeypatch, ["RUNNING"] * 5))

    assert event["state"] == "OVERDUE"
    assert "still RUNNING" in event["message"]


def test_killing_the_task_stops_the_run_and_says_that_airflow_did(
    new_job: NewJob, bucket: Bucket
) -> None:
    job = new_job(SLEEPS)
    run_id = job.start()

    asyncio.run(trigger(run_id).on_kill())

    assert job.wait_for(run_id, "STOPPED") == "STOPPED"
    assert bucket.record(f"_stopped/{run_id}.json")["job"] == JOB


def test_killing_the_task_of_a_run_that_has_ended_is_fine(new_job: NewJob) -> None:
    job = new_job("")
    run_id = job.start()
    job.wait_for(run_id, "SUCCEEDED")

    asyncio.run(trigger(run_id).on_kill())

    assert job.state(run_id) == "SUCCEEDED"


def test_a_task_that_is_killed_while_the_trigger_starts_is_known_to_be_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Hook:
        async def get_async_conn(self) -> None:
            try:
                await asyncio.sleep(1)
            except asyncio.CancelledError:  # as the look-up of a connection does it
                raise asyncio.CancelledError from None

    monkeypatch.setattr(GlueRunTrigger, "hook", lambda _: Hook())

    async def kill() -> None:
        waiting = asyncio.ensure_future(anext(trigger().run()))
        await asyncio.sleep(0.01)
        waiting.cancel("killed by a person")
        await waiting

    with pytest.raises(asyncio.CancelledError, match="killed by a person"):
        asyncio.run(kill())


def test_another_triggerer_can_take_the_trigger_over() -> None:
    path, arguments = trigger().serialize()

    copy = import_string(path)(**arguments)

    assert copy.serialize() == (path, arguments)
    assert arguments["region_name"] == "us-east-1"
    assert arguments["stop_key"] == "batches/_stopped/jr_1.json"


def test_a_stop_that_is_cancelled_again_goes_on_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[str] = []

    async def stop_slowly(self: GlueRunTrigger) -> None:
        await asyncio.sleep(0.1)
        ended.append(self.run_id)

    async def cancel_midway() -> None:
        stop = asyncio.ensure_future(trigger().on_kill())
        await asyncio.sleep(0.01)
        stop.cancel()
        await asyncio.sleep(0.2)

    monkeypatch.setattr(GlueRunTrigger, "_stop_run", stop_slowly)
    asyncio.run(cancel_midway())
    assert ended == ["jr_1"]
