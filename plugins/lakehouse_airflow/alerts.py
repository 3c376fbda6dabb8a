"""Messages to people, over SNS: what failed, and what was published."""

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseNotifier, Context

from lakehouse_airflow.aws import aws_client
from lakehouse_airflow.batches import Batch, batch_of
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

log = logging.getLogger(__name__)

SUBJECT_CHARACTERS = 99  # SNS takes fewer than 100, of ASCII, on one line
EXCEPTION_CHARACTERS = 4000  # a message holds 256 kB, a person's patience less
UNKNOWN_CAUSE = "the task's process died; its log has what is known"

FAILURE = """\
Task {task} of DAG {dag} failed for good.

What happened: {exception}

DAG run: {run}
Try: {try_number} of {max_tries}
Glue run: {glue_run}
Log: {log_url}

What to do: read the log, mend the cause, then clear the task "with downstream" in Airflow.
That is safe at any time: no row is loaded twice, no file is lost. The DAG's page says what a
failure of this task means.
"""

PUBLISHED = """\
Batch {batch_id} is loaded, checked, published to Athena and archived.

{datasets}

Files archived: {files}
Quality score: {score}
"""


class FailureNotifier(BaseNotifier):
    """An ``on_failure_callback`` that tells an SNS topic of the failed task."""

    def __init__(self, deployment: Deployment, topic: str) -> None:
        """Take the deploy facts and the name of the topic."""
        super().__init__()
        self.deployment = deployment
        self.topic = topic

    def notify(self, context: Context) -> None:
        """Publish one message about the failure in `context`."""
        ti = context["ti"]
        subject = f"FAILED: {ti.dag_id}.{ti.task_id} ({ti.run_id})"
        publish(self.deployment.region, self.topic, subject, failure_message(context))


def notify_failure(deployment: Deployment, topic: str) -> FailureNotifier:
    """Return the callback that reports a task's final failure to the topic of that name."""
    return FailureNotifier(deployment, topic)


def failure_message(context: Context) -> str:
    """Return what a person on call needs to know of a failed task."""
    ti = context["ti"]
    return FAILURE.format(
        task=ti.task_id,
        dag=ti.dag_id,
        exception=str(context.get("exception") or UNKNOWN_CAUSE)[:EXCEPTION_CHARACTERS],
        run=ti.run_id,
        try_number=ti.try_number,
        max_tries=ti.max_tries + 1,
        glue_run=_glue_run_id(ti) or "none",
        log_url=ti.log_url,
    )


def notify_success(deployment: Deployment, batch_id: str) -> str:
    """Tell the `published` topic about a published batch, once; return the SNS message id."""
    batch = batch_of(deployment, batch_id)
    told = batch.read("notified.json")
    if told:
        log.info("batch %s was announced as message %s", batch_id, told["message_id"])
        return str(told["message_id"])
    ledger = batch.loaded_ledger()
    message_id = publish(
        deployment.region,
        deployment.sns_topics.published,
        f"Published: batch {batch_id}, {_rows_read(ledger)} rows read",
        success_message(batch, ledger),
    )
    batch.put("notified.json", {"message_id": message_id})
    return message_id


def success_message(batch: Batch, ledger: Record) -> str:
    """Return the summary of a published batch: one line a dataset, with its outcomes."""
    datasets = (
        f"{dataset}: {counts['read']} rows read, {_in_words(counts['outcomes'])}"
        for dataset, counts in ledger["datasets"].items()
    )
    return PUBLISHED.format(
        batch_id=batch.batch_id,
        datasets="\n".join(datasets),
        files=len(batch.manifest()["files"]),
        score=(batch.read("quality.json") or {}).get("score", "none"),
    )


def publish(region: str, topic: str, subject: str, message: str) -> str:
    """Publish to a topic of the account that the credentials belong to; return the message id."""
    identity = aws_client("sts", region).get_caller_identity()
    partition = identity["Arn"].split(":")[1]
    sns: SNSClient = aws_client("sns", region)
    response = sns.publish(
        TopicArn=f"arn:{partition}:sns:{region}:{identity['Account']}:{topic}",
        Subject=_subject_line(subject),
        Message=message,
    )
    return response["MessageId"]


def _subject_line(subject: str) -> str:
    return " ".join(subject.split()).encode("ascii", "replace").decode()[:SUBJECT_CHARACTERS]


def _glue_run_id(ti: Any) -> str | None:
    """Return the Glue run of the task; an alert without it is better than none."""
    try:
        run_id: str | None = ti.xcom_pull(task_ids=ti.task_id, key="glue_job_run_id")
    except Exception:
        log.warning("the Glue run of the failed task could not be looked up", exc_info=True)
        return None
    return run_id


def _rows_read(ledger: Record) -> int:
    return sum(counts["read"] for counts in ledger["datasets"].values())


def _in_words(outcomes: dict[str, int]) -> str:
    """Return the outcomes that occurred, as ``8 inserted, 1 rejected``."""
    occurred = [f"{count} {outcome}" for outcome, count in outcomes.items() if count]
    return ", ".join(occurred) or "nothing else"
