"""A person asks for a batch to be set aside: when that is refused, and what to do first."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow.sdk.exceptions import AirflowFailException
from botocore.exceptions import ClientError

from lakehouse_airflow.aws import aws_client, error_code
from lakehouse_airflow.batches import OPEN_BATCH, REPLACED, SET_ASIDE, Batch, is_set_aside
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record, utc_text
from lakehouse_airflow.triggers import END_STATES

if TYPE_CHECKING:
    from mypy_boto3_glue import GlueClient

LEASE = "_lease.json"
AGAIN = f"then trigger the DAG again with {SET_ASIDE}"


class SetAsideRefused(AirflowFailException):
    """The batch can't be set aside as it is; the message says why, and what to do first."""


def ask_to_set_aside(deployment: Deployment, batch: Batch, dag_run_id: str) -> None:
    """Write down that the open batch is to be set aside, unless that is written down already.

    Raises:
        SetAsideRefused: it is not the open one, or tables may hold it, or a job works on it.
    """
    replaced = batch.read(REPLACED)
    if replaced and is_set_aside(replaced):
        return
    _require_open(batch)
    _require_nothing_committed(deployment, batch)
    _require_no_writer(deployment, batch)
    batch.create(
        REPLACED,
        {
            "by": None,
            "changed": [SET_ASIDE],
            "replaced_at": utc_text(datetime.now(UTC)),
            "set_aside_by": dag_run_id,
        },
    )


def overtaken(batch: Batch) -> SetAsideRefused:
    """Return the refusal for a batch that a load or another planner was faster to take up."""
    return SetAsideRefused(
        f"batch {batch.batch_id} was not set aside: in this very moment its load has begun, or it "
        f"has given way to another. Look at {batch.records.url(OPEN_BATCH)}, {AGAIN}"
    )


def _require_open(batch: Batch) -> None:
    opened = batch.records.read(OPEN_BATCH)
    if opened != {"batch_id": batch.batch_id}:
        now = f"batch {opened['batch_id']} is" if opened else "none is"
        raise SetAsideRefused(
            f"batch {batch.batch_id} is not the open one, {now}: nothing was set aside. Trigger "
            f"the DAG again, with {SET_ASIDE} for the open batch or without it"
        )


def _require_nothing_committed(deployment: Deployment, batch: Batch) -> None:
    if batch.read("archived.json") is not None:
        raise SetAsideRefused(
            f"the files of batch {batch.batch_id} are archived: clear archive_files, to close it"
        )
    if batch.was_loaded() or batch.is_begun():
        raise SetAsideRefused(
            f"the tables may hold batch {batch.batch_id}, or a part of it. Undo it first: run the "
            f"Glue job {deployment.glue_jobs.undo.name} with --batch_id {batch.batch_id}, {AGAIN}"
        )


def _require_no_writer(deployment: Deployment, batch: Batch) -> None:
    """Refuse while a job may work on the batch: a load would fail, but only after its work."""
    lease = batch.records.read(LEASE)
    if lease is None or lease["batch_id"] != batch.batch_id or _has_ended(deployment, lease):
        return
    raise SetAsideRefused(
        f"{lease['holder']} may be working on batch {batch.batch_id}. Wait for it or stop it (if "
        f"it has surely ended, delete {batch.records.url(LEASE)}), {AGAIN}"
    )


def _has_ended(deployment: Deployment, lease: Record) -> bool:
    """Return whether Glue says so; of a process without a job, only a person can tell."""
    if lease["job"] is None:
        return False
    glue: GlueClient = aws_client("glue", deployment.region)
    try:
        run = glue.get_job_run(JobName=lease["job"], RunId=lease["holder"])["JobRun"]
    except ClientError as error:
        if error_code(error) != "EntityNotFoundException":
            raise
        return False
    return run["JobRunState"] in END_STATES
