"""What CloudWatch is told of a batch, stamped with its planning time (docs/records.md).

Once per attempt what the attempt did, once per batch that it is published.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Attempt:
    """What the records say of one loaded attempt.

    `load` is its attempts/<n>/load.json, which a load that is killed at its very end leaves out.
    """

    number: int
    ledger: Record
    report: Record
    load: Record


def publish_metrics(deployment: Deployment, batch_id: str, ti: Any) -> int:
    """Send what was not yet sent of the batch's last loaded attempt; return how many metrics.

    `ti` is the task instance of the caller, for the times of its DAG run's tasks.

    Raises:
        AirflowSkipException: no batch, nothing loaded or nothing checked, so nothing to say yet.
    """
    if not batch_id:
        raise AirflowSkipException("nothing to say: this DAG run has no batch")
    batch = batch_of(deployment, batch_id)
    attempt, manifest = _last_loaded_attempt(batch), batch.manifest()
    sent = batch.read("metrics.json") or {"attempt": 0}
    published = batch.read("published.json")
    data: list[Datum] = []
    if sent["attempt"] < attempt.number:
        data += attempt_metrics(manifest, attempt, _task_seconds(ti))
    if published and not sent.get("published"):
        data += publication_metrics(manifest, published)
    if not data:
        log.info("the metrics of attempt %s were sent at %s", attempt.number, sent["sent_at"])
        return 0
    now = datetime.now(UTC)
    _send(deployment, data, stamp(manifest, now))
    batch.put("metrics.json", _sent(attempt.number, bool(published), len(data), now))
    return len(data)


def attempt_metrics(
    manifest: Record, attempt: Attempt, task_seconds: Mapping[str, float]
) -> list[Datum]:
    """Return the metrics of one attempt, in the form of PutMetricData."""
    planned_at = datetime.fromisoformat(manifest["planned_at"])
    return [
        *_ledger_metrics(attempt.ledger["datasets"]),
        *_quality_metrics(attempt.report),
        *_parked_metrics(attempt, planned_at),
        *_time_travel_metrics(attempt.load.get("time_travel_days", {})),
        *(
            _datum("ProcessingTime", seconds, "Seconds", Task=task)
            for task, seconds in task_seconds.items()
        ),
    ]


def publication_metrics(manifest: Record, published: Record) -> list[Datum]:
    """Return the metrics of a published batch; its files' first delivery is where time starts."""
    delivered = [datetime.fromisoformat(file["delivered_at"]) for file in manifest["files"]]
    took = datetime.fromisoformat(published["published_at"]) - min(delivered)
    return [
        _datum("BatchesPublished", 1, "Count"),
        _datum("ProcessingTime", took.total_seconds(), "Seconds"),
    ]


def stamp(manifest: Record, now: datetime) -> datetime:
    """Return the planning time, as far as CloudWatch takes it."""
    return max(datetime.fromisoformat(manifest["planned_at"]), now - OLDEST_STAMP)


def _last_loaded_attempt(batch: Batch) -> Attempt:
    """Return the attempt that is loaded, else the one just taken back."""
    number, ledger = batch.current_attempt(), batch.ledger()
    if ledger is None:
        number -= 1
        ledger = batch.taken_back_ledger(number)
    if ledger is None:
        raise AirflowSkipException(f"nothing to say: batch {batch.batch_id} is not loaded")
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


def _parked_metrics(attempt: Attempt, planned_at: datetime) -> Iterator[Datum]:
    for dataset, counts in attempt.ledger["datasets"].items():
        yield _datum("ParkedRows", counts["parked"]["after"], "Count", Dataset=dataset)
    if "oldest_parked" not in attempt.load:
        return
    for dataset in attempt.ledger["datasets"]:
        since = attempt.load["oldest_parked"].get(dataset)
        age = planned_at - datetime.fromisoformat(since) if since else timedelta(0)
        yield _datum("OldestParkedAge", age.total_seconds(), "Seconds", Dataset=dataset)


def _time_travel_metrics(days: dict[str, float]) -> Iterator[Datum]:
    for table, left in days.items():
        yield _datum("TimeTravelDays", left, "None", Dataset=table)
    if days:
        yield _datum("TimeTravelDays", min(days.values()), "None")


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


def _send(deployment: Deployment, data: list[Datum], timestamp: datetime) -> None:
    stamped: Any = [{**datum, "Timestamp": timestamp} for datum in data]
    cloudwatch: CloudWatchClient = aws_client("cloudwatch", deployment.region)
    for start in range(0, len(data), DATA_PER_REQUEST):
        cloudwatch.put_metric_data(
            Namespace=deployment.cloudwatch.namespace,
            MetricData=stamped[start : start + DATA_PER_REQUEST],
        )


def _sent(attempt: int, published: bool, count: int, now: datetime) -> Record:
    return {"attempt": attempt, "published": published, "sent_at": utc_text(now), "count": count}
