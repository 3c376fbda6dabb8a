"""Messages to people, over SNS: what failed, and what was published."""

import logging
from dataclasses import dataclass
from typing import Any

from airflow.sdk import Context

from lakehouse_airflow.batches import Batch, batch_of
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.failures import failure_of
from lakehouse_airflow.incidents import incidents_of
from lakehouse_airflow.records import Record
from lakehouse_airflow.topics import publish

log = logging.getLogger(__name__)

PUBLISHED = """\
Batch {batch_id} is loaded, checked, published to Athena and archived.

{datasets}

Files archived: {files}
Quality score: {score}
"""


@dataclass(frozen=True)
class FailureNotifier:
    """An ``on_failure_callback``, of a task or of a DAG, that reports to the open incident.

    No BaseNotifier: that one fails where a DAG's callback is called with a serialized DAG.
    """

    deployment: Deployment
    topic: str

    def __call__(self, context: Context) -> None:
        """Report the failure in `context`; a DAG's callback, to the topic of the failed task."""
        failure = failure_of(context)
        topic = self.topic
        if failure["kind"] == "task_failed":
            topic = _topic_of(context["task"]) or topic
        incidents_of(self.deployment).report(topic, failure)


def notify_failure(deployment: Deployment, topic: str) -> FailureNotifier:
    """Return the callback that reports a final failure to the topic of that name."""
    return FailureNotifier(deployment, topic)


def notify_success(deployment: Deployment, batch_id: str) -> str:
    """Tell the `published` topic about a published batch, once; return the SNS message id.

    This is what closes the open incident, and tells its topics so.

    Raises:
        BatchNotReady: the batch is not published.
    """
    batch = batch_of(deployment, batch_id)
    told = batch.read("notified.json")
    if told:
        log.info("batch %s was announced as message %s", batch_id, told["message_id"])
        return str(told["message_id"])
    batch.require_published()
    ledger = batch.loaded_ledger()
    message_id = publish(
        deployment,
        deployment.sns_topics.published,
        f"Published: batch {batch_id}, {_rows_read(ledger)} rows read",
        success_message(batch, ledger),
        {"kind": "published", "batch_id": batch_id, "datasets": ledger["datasets"]},
    )
    # Before the record that says so: whoever clears this task later closes nothing more.
    incidents_of(deployment).close(batch_id)
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


def _topic_of(task: Any) -> str | None:
    """Return the topic that the task's own callback reports to."""
    callbacks = task.on_failure_callback or []
    topics = [each.topic for each in callbacks if isinstance(each, FailureNotifier)]
    return topics[0] if topics else None


def _rows_read(ledger: Record) -> int:
    return sum(counts["read"] for counts in ledger["datasets"].values())


def _in_words(outcomes: dict[str, int]) -> str:
    """Return the outcomes that occurred, as ``8 inserted, 1 rejected``."""
    occurred = [f"{count} {outcome}" for outcome, count in outcomes.items() if count]
    return ", ".join(occurred) or "nothing else"
