"""What CloudWatch is told of a batch, stamped with its planning time (docs/records.md).

Once per attempt what the attempt did, once per refusal the error rate, once per batch that it is
published.
"""

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from lakehouse_airflow.aws import aws_client
from lakehouse_airflow.batches import Batch, batch_of
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.metric_data import (
    Attempt,
    Datum,
    attempt_metrics,
    publication_metrics,
    refusal_metrics,
    stamp,
)
from lakehouse_airflow.records import Record, utc_text

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

log = logging.getLogger(__name__)

DATA_PER_REQUEST = 1000


def publish_metrics(deployment: Deployment, batch_id: str, ti: Any) -> int:
    """Send what was not yet sent of the batch's last loaded attempt; return how many metrics.

    `ti` is the task instance of the caller, for the times of its DAG run's tasks.

    Raises:
        AirflowSkipException: no batch, nothing loaded, refused or checked, so nothing to say yet.
    """
    if not batch_id:
        raise AirflowSkipException("nothing to say: this DAG run has no batch")
    batch = batch_of(deployment, batch_id)
    attempt = _last_loaded_attempt(batch)
    sent = batch.read("metrics.json") or {"attempt": 0}
    if attempt is None:
        return _publish_refusal(deployment, batch, sent)
    manifest, published = batch.manifest(), batch.read("published.json")
    data: list[Datum] = []
    if sent["attempt"] < attempt.number:
        data += attempt_metrics(manifest, attempt, _task_seconds(ti))
    if published and not sent.get("published"):
        data += publication_metrics(manifest, published)
    if not data:
        log.info("the metrics of attempt %s were sent at %s", attempt.number, sent["sent_at"])
        return 0
    up_to = {"attempt": attempt.number, "published": bool(published)}
    return _send(deployment, batch, manifest, data, up_to)


def _publish_refusal(deployment: Deployment, batch: Batch, sent: Record) -> int:
    """Send the error rate of a batch that the load refused; each next run refuses it as well."""
    over_limit = (batch.read("rejects/_summary.json") or {}).get("over_limit")
    if not over_limit:
        raise AirflowSkipException(f"nothing to say: batch {batch.batch_id} is not loaded")
    if sent.get("refused") == over_limit:
        log.info("the error rate of the refused batch was sent at %s", sent["sent_at"])
        return 0
    up_to = {"attempt": 0, "published": False, "refused": over_limit}
    return _send(deployment, batch, batch.manifest(), refusal_metrics(over_limit), up_to)


def _last_loaded_attempt(batch: Batch) -> Attempt | None:
    """Return the attempt that is loaded, else the one just taken back, None without either."""
    number, ledger = batch.current_attempt(), batch.ledger()
    if ledger is None:
        number -= 1
        ledger = batch.taken_back_ledger(number)
    if ledger is None:
        return None
    load = batch.read(f"attempts/{number}/load.json") or {}
    return Attempt(number, ledger, _report(batch, number), load)


def _report(batch: Batch, attempt: int) -> Record:
    report = batch.read("quality.json")
    if report is None or report["attempt"] != attempt:
        raise AirflowSkipException(f"nothing to say yet: batch {batch.batch_id} is not checked")
    return report


def _task_seconds(ti: Any) -> dict[str, float]:
    """Return how long the last try took of each task of the DAG run that has ended by itself.

    From Airflow, by the one call for it that a task has; the time deferred is in it.
    """
    ended = ti.get_task_breadcrumbs(dag_id=ti.dag_id, run_id=ti.run_id)
    return {
        each["task_id"]: each["duration"]
        for each in ended
        if each["state"] in ("success", "failed") and each["duration"] is not None
    }


def _send(
    deployment: Deployment, batch: Batch, manifest: Record, data: list[Datum], up_to: Record
) -> int:
    """Send the metrics, then write down `up_to` what they tell; return how many they were."""
    now = datetime.now(UTC)
    stamped: Any = [{**datum, "Timestamp": stamp(manifest, now)} for datum in data]
    cloudwatch: CloudWatchClient = aws_client("cloudwatch", deployment.region)
    for start in range(0, len(data), DATA_PER_REQUEST):
        cloudwatch.put_metric_data(
            Namespace=deployment.cloudwatch.namespace,
            MetricData=stamped[start : start + DATA_PER_REQUEST],
        )
    batch.put("metrics.json", {**up_to, "sent_at": utc_text(now), "count": len(data)})
    return len(data)
