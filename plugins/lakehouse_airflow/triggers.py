"""Waiting for a Glue run in the triggerer."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.triggers.glue import GlueJobCompleteTrigger
from airflow.providers.amazon.aws.utils.waiter_with_logging import RETRIABLE_ERROR_CODES
from airflow.triggers.base import TriggerEvent
from botocore.exceptions import (
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
)
from botocore.exceptions import ConnectionError as BotocoreConnectionError

from lakehouse_airflow.aws import error_code
from lakehouse_airflow.records import Record, utc_text

END_STATES = frozenset({"SUCCEEDED", "FAILED", "TIMEOUT", "STOPPED", "ERROR", "EXPIRED"})
PASSING_FAULTS = (
    BotocoreConnectionError,
    HTTPClientError,
    NoCredentialsError,
    CredentialRetrievalError,
)


class GlueRunTrigger(GlueJobCompleteTrigger):
    """Fires when a Glue run has ended, with ``{run_id, state, message}``.

    The provider's trigger leaves the Glue run alone when the task is killed, waits for ever on a
    run that is EXPIRED, and dies of a broken connection.

    :param bucket: where the record of a stopped run goes
    :param stop_key: key of that record, which tells a stop by Airflow from one by a person
    """

    def __init__(self, *, bucket: str, stop_key: str, **kwargs: Any) -> None:
        """Take where the stop is recorded; all other arguments are the provider's."""
        super().__init__(**kwargs)
        self.bucket = bucket
        self.stop_key = stop_key
        self.serialized_fields |= {"bucket": bucket, "stop_key": stop_key}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look at the Glue run until it has ended or should have long since."""
        state = "never seen"
        glue_hook: Any = self.hook()
        # Shielded, because looking up the connection would lose the reason why it is cancelled, and
        # with it the call of on_kill for a task that is killed just now.
        connection = await asyncio.shield(asyncio.ensure_future(glue_hook.get_async_conn()))
        async with connection as glue:
            for _ in range(self.attempts):
                try:
                    response = await glue.get_job_run(JobName=self.job_name, RunId=self.run_id)
                except (ClientError, *PASSING_FAULTS) as error:
                    self._stop_unless_passing(error)
                else:
                    state = response["JobRun"]["JobRunState"]
                    if state in END_STATES:
                        yield self._event(state, response["JobRun"].get("ErrorMessage", ""))
                        return
                    self.log.info("Glue run %s is %s", self.run_id, state)
                await asyncio.sleep(self.waiter_delay)
        yield self._event("OVERDUE", f"the run is still {state}, beyond its own time-out")

    async def on_kill(self) -> None:
        """Stop the Glue run: the task was cleared, or marked as failed or successful.

        Shielded, because the triggerer cancels again each second, and a stop that is cancelled
        midway would leave the Glue run at work for nobody.
        """
        await asyncio.shield(asyncio.ensure_future(self._stop_run()))

    async def _stop_run(self) -> None:
        glue_hook: Any = self.hook()
        async with await glue_hook.get_async_conn() as glue:
            response = await glue.batch_stop_job_run(JobName=self.job_name, JobRunIds=[self.run_id])
        self.log.info("Stopping Glue run %s: %s", self.run_id, response.get("Errors") or "accepted")
        s3_hook: Any = S3Hook(aws_conn_id=self.aws_conn_id, region_name=self.region_name)
        async with await s3_hook.get_async_conn() as s3:
            await s3.put_object(
                Bucket=self.bucket,
                Key=self.stop_key,
                Body=json.dumps(stop_note(self.job_name)).encode(),
            )

    def _stop_unless_passing(self, error: Exception) -> None:
        """Raise what another look would not mend: the retry of the task re-attaches to the run."""
        if isinstance(error, ClientError) and error_code(error) not in RETRIABLE_ERROR_CODES:
            raise error
        self.log.warning("Glue run %s could not be looked at: %s", self.run_id, error)

    def _event(self, state: str, message: str) -> TriggerEvent:
        payload = {"run_id": self.run_id, "state": state, "message": message}
        return TriggerEvent(payload)  # type: ignore[no-untyped-call]


def stop_record(run_id: str) -> str:
    """Return the name of the record that Airflow, not a person, stopped a Glue run."""
    return f"_stopped/{run_id}.json"


def stop_note(job_name: str) -> Record:
    """Return what that record says."""
    return {"job": job_name, "stopped_at": utc_text(datetime.now(UTC))}
