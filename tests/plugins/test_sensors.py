import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from airflow.providers.amazon.aws.triggers.s3 import S3KeyTrigger
from airflow.sdk.bases.operator import TriggerFailureReason
from airflow.sdk.exceptions import (
    AirflowException,
    AirflowSkipException,
    TaskDeferralError,
    TaskDeferred,
)
from botocore.exceptions import ClientError
from lakehouse_airflow.sensors import RawFilesSensor

from tests.plugins.airflow_fixtures import Bucket


def sensor(**options: Any) -> RawFilesSensor:
    arguments: dict[str, Any] = {
        "task_id": "wait_for_files",
        "bucket_name": "delta-lake-bkt01",
        "bucket_key": "raw/*/*.csv",
        "wildcard_match": True,
        "deferrable": True,
        "poke_interval": 0.1,
        "timeout": 0.2,
    }
    return RawFilesSensor(**(arguments | options))


def resume(next_method: str, **details: Any) -> str:
    return sensor().resume_execution(next_method, details, {})


def fired(trigger: S3KeyTrigger) -> dict[str, Any]:
    """Return what the triggerer sees first."""

    async def first() -> dict[str, Any]:
        async for event in trigger.run():
            payload: dict[str, Any] = event.payload
            return payload
        raise AssertionError("the trigger ended without an event")

    return asyncio.run(first())


def deferred(bucket_name: str = "delta-lake-bkt01") -> TaskDeferred:
    with pytest.raises(TaskDeferred) as caught:
        sensor(bucket_name=bucket_name).execute({})
    return caught.value


def is_now(ended_at: str) -> bool:
    """Return whether the sensor returned the end of its wait, from which a run is late."""
    return abs(datetime.now(UTC) - datetime.fromisoformat(ended_at)) < timedelta(seconds=30)


def test_a_file_that_lies_there_ends_the_wait_at_once(bucket: Bucket) -> None:
    bucket.put("raw/orders/a.csv")

    assert is_now(sensor().execute({}))


def test_without_a_file_it_waits_in_the_triggerer(bucket: Bucket) -> None:
    bucket.put("raw/orders/")

    assert deferred().timeout.total_seconds() == 0.2


def test_a_file_that_comes_later_ends_the_wait(bucket: Bucket) -> None:
    task = deferred()
    bucket.put("raw/orders/a.csv")

    event = fired(task.trigger)

    assert is_now(sensor().resume_execution(task.method_name, {"event": event}, {}))


def test_a_time_out_in_the_triggerer_skips() -> None:
    with pytest.raises(AirflowSkipException, match=r"no raw/\*/\*\.csv in delta-lake-bkt01"):
        resume("__fail__", error=TriggerFailureReason.TRIGGER_TIMEOUT)


def test_a_time_out_on_the_worker_skips(bucket: Bucket) -> None:
    with pytest.raises(AirflowSkipException, match="no raw/"):
        sensor(deferrable=False).execute({})


def test_a_trigger_that_crashed_fails() -> None:
    with pytest.raises(TaskDeferralError):
        resume("__fail__", error=TriggerFailureReason.TRIGGER_FAILURE)


def test_an_error_in_the_triggerer_fails() -> None:
    with pytest.raises(AirflowException, match="Access Denied") as caught:
        resume("execute_complete", event={"status": "error", "message": "Access Denied"})
    assert not isinstance(caught.value, AirflowSkipException)


def test_a_missing_bucket_fails_at_once(aws: str) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        sensor(bucket_name="no-such-bucket").execute({})


def test_a_bucket_that_is_lost_during_the_wait_fails(bucket: Bucket) -> None:
    trigger = deferred().trigger
    bucket.s3.delete_bucket(Bucket=bucket.name)

    event = fired(trigger)

    with pytest.raises(AirflowException, match="NoSuchBucket"):
        resume("execute_complete", event=event)
