"""What CloudWatch is told of a batch: once per attempt, stamped with the batch's planning time."""

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowSkipException

from lakehouse_airflow.aws import aws_client
from lakehouse_airflow.batches import Batch, batch_of
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record, utc_text

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

log = logging.getLogger(__name__)

OLDEST_STAMP = timedelta(days=13)  # CloudWatch refuses what is stamped two weeks ago or earlier
DATA_PER_REQUEST = 1000

Datum = dict[str, Any]


def publish_metrics(deployment: Deployment, batch_id: str) -> int:
    """Send the metrics of the batch's last loaded attempt, once; return how many were sent.

    Raises:
        AirflowSkipException: no batch, nothing loaded or nothing checked, so nothing to say yet.
    """
    if not batch_id:
        raise AirflowSkipException("nothing to say: this DAG run has no batch")
    batch = batch_of(deployment, batch_id)
    attempt, ledger = _last_loaded_attempt(batch)
    sent = batch.read("metrics.json")
    if sent and sent["attempt"] >= attempt:
        log.info("the metrics of attempt %s were sent at %s", attempt, sent["sent_at"])
        return 0
    now = datetime.now(UTC)
    data = batch_metrics(batch.manifest(), ledger, _report(batch, attempt), now)
    _send(deployment, data)
    batch.put("metrics.json", {"attempt": attempt, "sent_at": utc_text(now), "count": len(data)})
    return len(data)


def batch_metrics(manifest: Record, ledger: Record, report: Record, now: datetime) -> list[Datum]:
    """Return the metrics of one attempt, in the form of PutMetricData.

    RecordsProcessed (Dataset, Outcome); ErrorRate, percent of the rows read, and DataQualityScore,
    0 to 100, both by Dataset and once without; ProcessingTime, seconds from planning to `now`,
    when the batch has just been archived or taken back.
    """
    planned_at = datetime.fromisoformat(manifest["planned_at"])
    data = [
        *_ledger_metrics(ledger["datasets"]),
        *_quality_metrics(report),
        _datum("ProcessingTime", (now - planned_at).total_seconds(), "Seconds"),
    ]
    stamp = max(planned_at, now - OLDEST_STAMP)
    return [{**datum, "Timestamp": stamp} for datum in data]


def _last_loaded_attempt(batch: Batch) -> tuple[int, Record]:
    """Return number and ledger of the attempt that is loaded, else of the one just taken back."""
    attempt = batch.current_attempt()
    ledger = batch.ledger()
    if ledger is not None:
        return attempt, ledger
    taken_back = batch.taken_back_ledger(attempt - 1)
    if taken_back is None:
        raise AirflowSkipException(f"nothing to say: batch {batch.batch_id} is not loaded")
    return attempt - 1, taken_back


def _report(batch: Batch, attempt: int) -> Record:
    report = batch.read("quality.json")
    if report is None or report["attempt"] != attempt:
        raise AirflowSkipException(f"nothing to say yet: batch {batch.batch_id} is not checked")
    return report


def _ledger_metrics(datasets: dict[str, Record]) -> Iterator[Datum]:
    for dataset, counts in datasets.items():
        for outcome, count in counts["outcomes"].items():
            yield _datum("RecordsProcessed", count, "Count", Dataset=dataset, Outcome=outcome)
        yield _datum("ErrorRate", _error_rate([counts]), "Percent", Dataset=dataset)
    yield _datum("ErrorRate", _error_rate(datasets.values()), "Percent")


def _quality_metrics(report: Record) -> Iterator[Datum]:
    for dataset, score in report["datasets"].items():
        yield _datum("DataQualityScore", score, "None", Dataset=dataset)
    yield _datum("DataQualityScore", report["score"], "None")


def _error_rate(counts: Iterable[Record]) -> float:
    """Return the rejected share in percent; files rejected whole, and nothing else, are 100."""
    counts = list(counts)
    read: int = sum(count["read"] for count in counts)
    rejected: int = sum(count["outcomes"]["rejected"] for count in counts)
    if read == 0:
        return 100.0 if any(count["files_rejected"] for count in counts) else 0.0
    return 100 * rejected / read


def _datum(name: str, value: float, unit: str, **dimensions: str) -> Datum:
    return {
        "MetricName": name,
        "Value": value,
        "Unit": unit,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }


def _send(deployment: Deployment, data: list[Datum]) -> None:
    cloudwatch: CloudWatchClient = aws_client("cloudwatch", deployment.region)
    for start in range(0, len(data), DATA_PER_REQUEST):
        cloudwatch.put_metric_data(
            Namespace=deployment.cloudwatch.namespace,
            MetricData=data[start : start + DATA_PER_REQUEST],  # type: ignore[arg-type]
        )
