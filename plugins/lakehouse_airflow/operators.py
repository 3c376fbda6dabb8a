"""Running Glue jobs on a batch."""

import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.providers.amazon.aws.links.glue import GlueJobRunDetailsLink
from airflow.providers.amazon.aws.operators.glue import GlueJobOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from botocore.exceptions import ClientError

from lakehouse_airflow.aws import error_code
from lakehouse_airflow.deployment import Deployment, GlueJob
from lakehouse_airflow.records import batch_records
from lakehouse_airflow.triggers import GlueRunTrigger, stop_note, stop_record

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

ACTIVE_STATES = frozenset({"WAITING", "STARTING", "RUNNING"})
RUNS_LOOKED_AT = 1000  # Glue lists 90 days of runs; an active one is among the newest
NOT_GIVEN = frozenset({"null", "false"})  # JSON of a parameter that asks for nothing
START_UP_MINUTES = 30  # Glue's own time-out counts neither queueing nor start-up

# Errors of our jobs that another try would meet again, since only a person can mend what they name.
REFUSALS = re.compile(r"\b(BatchRefused|FileChangedError|ManifestError|ContractError|UndoError): ")

# Looks at a batch's records and raises what should become of the task, if it should not run.
Requirement = Callable[[Deployment, str], None]


class GlueRunFailed(AirflowException):
    """A Glue run ended badly; the next try starts another."""


class GlueRunRefused(AirflowFailException):
    """The job will not do this, however often it is tried."""


class GlueRunStopped(AirflowFailException):
    """A person stopped the Glue run: starting it again is theirs to decide."""


class GlueJobBusy(AirflowException):
    """The job is running for someone else."""


class DeltaGlueJobOperator(GlueJobOperator):
    """Runs a Glue job on a batch, never twice at a time, and stops it when the task is killed.

    Deferrable, because the provider's blocking wait takes STOPPED for success and never ends on
    ERROR; not verbose, because forwarding logs brings its own, laxer idea of the states.

    :param deployment: the deploy facts
    :param job: which of its Glue jobs
    :param batch_id: the batch (templated)
    :param requires: what the batch's records must say before the job may run
    :param job_args: more arguments of the job, by name, as JSON; null and false are left out
        (templated)
    """

    template_fields = (*GlueJobOperator.template_fields, "batch_id", "job_args")

    def __init__(
        self,
        *,
        deployment: Deployment,
        job: GlueJob,
        batch_id: str,
        requires: Requirement,
        job_args: dict[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Take the deploy facts; all other arguments are an operator's own."""
        super().__init__(
            job_name=job.name,
            deferrable=True,
            verbose=False,
            stop_job_run_on_kill=True,
            region_name=deployment.region,
            **kwargs,
        )
        self.deployment = deployment
        self.job = job
        self.batch_id = batch_id
        self.requires = requires
        self.job_args = job_args or {}

    def execute(self, context: Context) -> None:
        """Take up the task's Glue run, or start one, and wait for it in the triggerer.

        Raises:
            GlueJobBusy: the job is running, and not for this task.
        """
        self.requires(self.deployment, self.batch_id)
        task_uuid = self._get_task_uuid(context)
        runs = self._unfinished_runs(task_uuid)
        if stopping := [run_id for run_id, state in runs.items() if state == "STOPPING"]:
            self.log.info("Glue run %s of this task is stopping: waiting it out", stopping[0])
            self._wait_for(stopping[0], "execute_after_stopping")
        self._job_run_id = next(iter(runs), None) or self._start_run(task_uuid)
        self.log.info("Waiting for Glue run %s of %s", self._job_run_id, self.job_name)
        context["ti"].xcom_push(key="glue_job_run_id", value=self._job_run_id)
        self._show_link(context, self._job_run_id)
        self._wait_for(self._job_run_id, "execute_complete")

    def execute_after_stopping(self, context: Context, event: dict[str, Any]) -> None:
        """Start anew, now that the run of an earlier try has ended."""
        self.execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Return the id of the Glue run if it succeeded; start anew if Airflow had stopped it.

        Raises:
            GlueRunStopped: a person stopped it.
            GlueRunRefused: the job says why it can't, and that holds for the next try too.
            GlueRunFailed: it ended in another way.
        """
        ended = event or {}
        run_id, state = str(ended.get("run_id")), ended.get("state")
        if state == "SUCCEEDED":
            return run_id
        if state == "STOPPED":
            self._execute_again_if_airflow_stopped(context, run_id)
        message = ended.get("message") or "Glue gives no reason"
        failure = GlueRunRefused if REFUSALS.search(message) else GlueRunFailed
        raise failure(
            f"Glue run {run_id} of {self.job_name} ended as {state}: {message}. Its log "
            "is in CloudWatch, log groups /aws-glue/jobs/error and /aws-glue/jobs/output, stream "
            f"{run_id}"
        )

    def on_kill(self) -> None:
        """Stop the Glue run, if the task is killed before it waits in the triggerer."""
        if self._job_run_id:
            super().on_kill()  # type: ignore[no-untyped-call]
            records = batch_records(self.deployment)
            records.put(stop_record(self._job_run_id), stop_note(self.job_name))

    def _unfinished_runs(self, task_uuid: str) -> dict[str, str]:
        """Return id and state of this task's Glue runs that have not ended, whichever try's."""
        glue: GlueClient = self.hook.get_conn()
        pages = glue.get_paginator("get_job_runs").paginate(
            JobName=self.job_name, PaginationConfig={"MaxItems": RUNS_LOOKED_AT}
        )
        return {
            run["Id"]: run["JobRunState"]
            for page in pages
            for run in page["JobRuns"]
            if run.get("Arguments", {}).get(self.TASK_UUID_ARG) == task_uuid
            and run["JobRunState"] in ACTIVE_STATES | {"STOPPING"}
        }

    def _start_run(self, task_uuid: str) -> str:
        # Not the provider's start: that creates a job where the name is wrong.
        arguments = {
            **{f"--{name}": text for name, text in self.job_args.items() if text not in NOT_GIVEN},
            "--batch_id": self.batch_id,
            self.TASK_UUID_ARG: task_uuid,
        }
        glue: GlueClient = self.hook.get_conn()
        try:
            return glue.start_job_run(JobName=self.job_name, Arguments=arguments)["JobRunId"]
        except ClientError as error:
            if error_code(error) != "ConcurrentRunsExceededException":
                raise
            raise GlueJobBusy(
                f"{self.job_name} is running for someone else; this task tries again later"
            ) from error

    def _wait_for(self, run_id: str, method_name: str) -> None:
        poll_seconds = self.deployment.airflow.poll_seconds.glue
        wait_minutes = self.job.timeout_minutes + START_UP_MINUTES
        self.defer(
            trigger=GlueRunTrigger(
                job_name=self.job_name,
                run_id=run_id,
                bucket=self.deployment.bucket,
                stop_key=self.deployment.prefixes.batches + stop_record(run_id),
                waiter_delay=poll_seconds,
                waiter_max_attempts=math.ceil(wait_minutes * 60 / poll_seconds),
                aws_conn_id=self.aws_conn_id,
                region_name=self.region_name,
                verify=self.verify,
                botocore_config=self.botocore_config,
            ),
            method_name=method_name,
        )

    def _execute_again_if_airflow_stopped(self, context: Context, run_id: str) -> None:
        """Tell the stop of a cleared task, which reached its next try, from one by a person."""
        if batch_records(self.deployment).read(stop_record(run_id)) is not None:
            self.log.info("Glue run %s was stopped when the task was cleared", run_id)
            self.execute(context)
        raise GlueRunStopped(
            f"a person stopped Glue run {run_id} of {self.job_name}, so it is not tried again. "
            "Clearing this task runs it again, which is safe"
        )

    def _show_link(self, context: Context, run_id: str) -> None:
        GlueJobRunDetailsLink.persist(
            context=context,
            operator=self,
            region_name=self.hook.conn_region_name,
            aws_partition=self.hook.conn_partition,
            job_name=quote(self.job_name, safe=""),
            job_run_id=run_id,
        )
