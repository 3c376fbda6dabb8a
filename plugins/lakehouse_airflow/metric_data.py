"""What CloudWatch is told, in the form of PutMetricData: name, value, unit and dimensions."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lakehouse_airflow.records import Record

OLDEST_STAMP = timedelta(days=13)  # CloudWatch refuses what is stamped two weeks ago or earlier

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


def refusal_metrics(over_limit: Iterable[Record]) -> list[Datum]:
    """Return the error rate of a batch that was refused, for the datasets over their limit."""
    over_limit = list(over_limit)
    rejected = sum(dataset["rejected"] for dataset in over_limit)
    read = sum(dataset["read"] for dataset in over_limit)
    return [
        *(
            _datum("ErrorRate", 100 * dataset["share"], "Percent", Dataset=dataset["dataset"])
            for dataset in over_limit
        ),
        _datum("ErrorRate", 100 * rejected / read, "Percent"),
    ]


def stamp(manifest: Record, now: datetime) -> datetime:
    """Return the planning time, as far as CloudWatch takes it."""
    return max(datetime.fromisoformat(manifest["planned_at"]), now - OLDEST_STAMP)


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
