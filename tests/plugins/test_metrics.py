from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowSkipException
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.metric_data import (
    Attempt,
    attempt_metrics,
    publication_metrics,
    refusal_metrics,
    stamp,
)
from lakehouse_airflow.metrics import publish_metrics

from tests.plugins.airflow_fixtures import Bucket, Record

NAMESPACE = "OrdersLakehouse"
NOW = datetime(2026, 11, 24, 3, 10, tzinfo=UTC)
MANIFEST: Record = {
    "planned_at": "2026-11-24T03:00:00Z",
    "files": [
        {"delivered_at": "2026-11-24T02:55:00Z"},
        {"delivered_at": "2026-11-24T02:50:00+00:00"},
    ],
}


def counts(read: int, rejected: int, files_rejected: int = 0, parked: int = 0) -> Record:
    return {
        "read": read,
        "outcomes": {"inserted": read - rejected, "rejected": rejected},
        "files_rejected": files_rejected,
        "parked": {"before": 7, "after": parked},
    }


LEDGER: Record = {"datasets": {"orders": counts(10, 1, parked=2), "products": counts(30, 0)}}
REPORT: Record = {"attempt": 1, "score": 97.5, "datasets": {"orders": 95.0, "products": 100.0}}


LOAD: Record = {
    "oldest_parked": {"orders": "2026-11-23T03:00:00+00:00"},
    "time_travel_days": {"orders": 30.0, "rejected": 12.5},
}
PUBLISHED: Record = {"published_at": "2026-11-24T03:10:00Z"}
SECONDS = {"load_delta": 61.5}


def named(data: list[Record]) -> dict[tuple[str, ...], Any]:
    """Return value and unit of each metric, by its name and the values of its dimensions."""
    return {
        (datum["MetricName"], *(dimension["Value"] for dimension in datum["Dimensions"])): (
            datum["Value"],
            datum["Unit"],
        )
        for datum in data
    }


def sent(ledger: Record = LEDGER, load: Record = LOAD) -> dict[tuple[str, ...], Any]:
    """Return the metrics of an attempt."""
    return named(attempt_metrics(MANIFEST, Attempt(1, ledger, REPORT, load), SECONDS))


def test_every_outcome_of_every_dataset_is_counted() -> None:
    metrics = sent()

    assert metrics["RecordsProcessed", "orders", "inserted"] == (9, "Count")
    assert metrics["RecordsProcessed", "orders", "rejected"] == (1, "Count")
    assert metrics["RecordsProcessed", "products", "rejected"] == (0, "Count")


def test_the_error_rate_is_the_share_of_rejected_rows_in_percent() -> None:
    metrics = sent()

    assert metrics["ErrorRate", "orders"] == (10.0, "Percent")
    assert metrics["ErrorRate", "products"] == (0.0, "Percent")
    assert metrics["ErrorRate",] == (2.5, "Percent")


@pytest.mark.parametrize(
    ("files_rejected", "rate"), [(0, 0.0), (1, 100.0)], ids=["no file", "a file rejected whole"]
)
def test_a_dataset_of_which_no_row_was_read_has_an_error_rate(
    files_rejected: int, rate: float
) -> None:
    metrics = sent({"datasets": {"orders": counts(0, 0, files_rejected)}})

    assert metrics["ErrorRate", "orders"] == (rate, "Percent")


def test_the_quality_score_is_sent_for_each_dataset_and_over_all() -> None:
    metrics = sent()

    assert metrics["DataQualityScore", "orders"] == (95.0, "None")
    assert metrics["DataQualityScore",] == (97.5, "None")


def test_the_rows_that_the_load_left_parked_are_counted_and_the_oldest_has_an_age() -> None:
    metrics = sent()

    assert metrics["ParkedRows", "orders"] == (2, "Count")
    assert metrics["ParkedRows", "products"] == (0, "Count")
    assert metrics["OldestParkedAge", "orders"] == (86400.0, "Seconds")
    assert metrics["OldestParkedAge", "products"] == (0.0, "Seconds")


def test_the_days_of_time_travel_are_sent_for_each_table_and_for_the_worst() -> None:
    metrics = sent()

    assert metrics["TimeTravelDays", "orders"] == (30.0, "None")
    assert metrics["TimeTravelDays", "rejected"] == (12.5, "None")
    assert metrics["TimeTravelDays",] == (12.5, "None")


def test_what_a_killed_load_could_not_write_down_is_left_out() -> None:
    names = {name for name, *_ in sent(load={})}

    assert names == {
        "RecordsProcessed",
        "ErrorRate",
        "DataQualityScore",
        "ParkedRows",
        "ProcessingTime",
    }


def test_each_task_has_its_processing_time() -> None:
    data = attempt_metrics(MANIFEST, Attempt(1, LEDGER, REPORT, LOAD), SECONDS)

    [datum] = [datum for datum in data if datum["MetricName"] == "ProcessingTime"]
    assert datum["Dimensions"] == [{"Name": "Task", "Value": "load_delta"}]
    assert (datum["Value"], datum["Unit"]) == (61.5, "Seconds")


def test_a_published_batch_took_from_its_first_delivery_to_its_publication() -> None:
    metrics = named(publication_metrics(MANIFEST, PUBLISHED))

    assert metrics == {
        ("BatchesPublished",): (1, "Count"),
        ("ProcessingTime",): (1200.0, "Seconds"),
    }


def test_dimensions_are_named_dataset_and_outcome() -> None:
    first = attempt_metrics(MANIFEST, Attempt(1, LEDGER, REPORT, LOAD), SECONDS)[0]

    assert [dimension["Name"] for dimension in first["Dimensions"]] == ["Dataset", "Outcome"]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(NOW, datetime(2026, 11, 24, 3, 0, tzinfo=UTC), id="planned just now"),
        pytest.param(
            NOW + timedelta(days=30),
            NOW + timedelta(days=17),
            id="planned too long ago",
        ),
    ],
)
def test_all_are_stamped_with_the_planning_time_as_far_as_cloudwatch_takes_it(
    now: datetime, expected: datetime
) -> None:
    assert stamp(MANIFEST, now) == expected


class Ti:
    """What Airflow gives the task: itself, and what it knows of the run's other tasks."""

    dag_id, run_id = "orders_lakehouse", "run_1"

    def get_task_breadcrumbs(self, dag_id: str, run_id: str) -> list[Record]:
        assert (dag_id, run_id) == (self.dag_id, self.run_id)
        return [
            {"task_id": "load_delta", "state": "success", "duration": 61.5},
            {"task_id": "quality_gate", "state": "failed", "duration": 0.5},
            {"task_id": "undo_batch", "state": "skipped", "duration": 0.1},
            {"task_id": "archive_files", "state": "upstream_failed", "duration": None},
            {"task_id": "run_crawler", "state": "failed", "duration": None},
        ]


def publish(deployment: Deployment, batch_id: str = "b1") -> int:
    return publish_metrics(deployment, batch_id, Ti())


@pytest.fixture
def loaded(bucket: Bucket) -> Bucket:
    planned_at = (datetime.now(UTC) - timedelta(minutes=30)).isoformat()
    manifest = {**MANIFEST, "planned_at": planned_at}
    bucket.put_batch(manifest=manifest, load=LEDGER, quality=REPORT)
    bucket.put_record("b1/attempts/1/load.json", LOAD)
    return bucket


def data_points(metric: str = "DataQualityScore") -> int:
    """Return how often a metric was received, whatever its dimensions."""
    now = datetime.now(UTC)
    statistics = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=metric,
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["SampleCount"],
    )
    return int(sum(point["SampleCount"] for point in statistics["Datapoints"]))


def test_the_metrics_reach_cloudwatch_and_are_written_down(
    loaded: Bucket, deployment: Deployment
) -> None:
    count = publish(deployment)

    listed = boto3.client("cloudwatch").list_metrics(Namespace="OrdersLakehouse")["Metrics"]
    assert {metric["MetricName"] for metric in listed} == {
        "RecordsProcessed",
        "ErrorRate",
        "ProcessingTime",
        "DataQualityScore",
        "ParkedRows",
        "OldestParkedAge",
        "TimeTravelDays",
    }
    tasks = [
        dimension["Value"]
        for metric in listed
        for dimension in metric["Dimensions"]
        if dimension["Name"] == "Task"
    ]
    assert sorted(tasks) == ["load_delta", "quality_gate"]
    record = loaded.record("b1/metrics.json")
    assert (record["attempt"], record["published"]) == (1, False)
    assert record["count"] == count


def test_a_batch_that_is_published_later_has_only_that_to_say(
    loaded: Bucket, deployment: Deployment
) -> None:
    publish(deployment)
    assert data_points("BatchesPublished") == 0
    received = data_points()
    loaded.put_batch(published=PUBLISHED)

    assert publish(deployment) == 2
    assert publish(deployment) == 0
    assert (data_points(), data_points("BatchesPublished")) == (received, 1)
    assert loaded.record("b1/metrics.json")["published"] is True


def test_a_second_time_nothing_is_sent(loaded: Bucket, deployment: Deployment) -> None:
    loaded.put_batch(published=PUBLISHED)
    publish(deployment)
    received = data_points()

    assert publish(deployment) == 0
    assert (data_points(), data_points("BatchesPublished")) == (received, 1)


def test_an_attempt_that_was_taken_back_is_reported_too(
    loaded: Bucket, deployment: Deployment
) -> None:
    loaded.put_record("b1/attempts/1/undo_started.json", {"ledger": LEDGER})
    loaded.put_record("b1/attempts/1/undone.json", {})
    loaded.s3.delete_object(Bucket=loaded.name, Key="batches/b1/load.json")

    assert publish(deployment) > 0
    assert loaded.record("b1/metrics.json")["attempt"] == 1


def test_the_next_attempt_is_reported_again(loaded: Bucket, deployment: Deployment) -> None:
    publish(deployment)
    loaded.put_record("b1/attempts/1/undo_started.json", {"ledger": LEDGER})
    loaded.put_record("b1/attempts/1/undone.json", {})
    loaded.put_batch(quality={**REPORT, "attempt": 2})

    assert publish(deployment) > 0
    assert loaded.record("b1/metrics.json")["attempt"] == 2


def over_limit(rejected: int) -> list[Record]:
    share = {"dataset": "orders", "read": 10, "rejected": rejected, "share": rejected / 10}
    return [share, {"dataset": "products", "read": 30, "rejected": 10, "share": 1 / 3}]


def test_a_refused_batch_has_the_error_rate_of_the_datasets_over_their_limit() -> None:
    assert named(refusal_metrics(over_limit(2))) == {
        ("ErrorRate", "orders"): (20.0, "Percent"),
        ("ErrorRate", "products"): (pytest.approx(100 / 3), "Percent"),
        ("ErrorRate",): (30.0, "Percent"),
    }


def test_a_refusal_is_told_once_however_often_it_is_met_and_the_load_after_it_in_full(
    bucket: Bucket, deployment: Deployment
) -> None:
    planned_at = (datetime.now(UTC) - timedelta(minutes=30)).isoformat()
    bucket.put_batch(manifest={**MANIFEST, "planned_at": planned_at})
    bucket.put_record("b1/rejects/_summary.json", {"over_limit": over_limit(2)})

    assert [publish(deployment), publish(deployment)] == [3, 0]
    assert (data_points("ErrorRate"), data_points()) == (3, 0)  # all dimensions
    bucket.put_record("b1/rejects/_summary.json", {"over_limit": over_limit(3)})
    assert publish(deployment) == 3
    bucket.put_batch(load=LEDGER, quality=REPORT)
    assert publish(deployment) > 3
    assert bucket.record("b1/metrics.json")["attempt"] == 1


def test_a_batch_that_was_taken_back_to_be_loaded_anew_is_not_called_refused(
    bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put_record("b1/rejects/_summary.json", {"over_limit": []})

    with pytest.raises(AirflowSkipException, match="b1 is not loaded"):
        publish(deployment)


def test_without_a_batch_there_is_nothing_to_say(deployment: Deployment) -> None:
    with pytest.raises(AirflowSkipException, match="no batch"):
        publish(deployment, "")


def test_before_the_load_there_is_nothing_to_say(bucket: Bucket, deployment: Deployment) -> None:
    with pytest.raises(AirflowSkipException, match="b1 is not loaded"):
        publish(deployment)


@pytest.mark.parametrize(
    "records", [{}, {"quality": {**REPORT, "attempt": 2}}], ids=["no report", "of another attempt"]
)
def test_before_the_check_there_is_nothing_to_say(
    records: Any, bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put_batch(load=LEDGER, manifest=MANIFEST, **records)

    with pytest.raises(AirflowSkipException, match="b1 is not checked"):
        publish(deployment)
    assert "batches/b1/metrics.json" not in bucket.listed()
