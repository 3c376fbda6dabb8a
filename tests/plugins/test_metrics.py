from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowSkipException
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.metrics import batch_metrics, publish_metrics

from tests.plugins.airflow_fixtures import Bucket, Record

NAMESPACE = "OrdersLakehouse"
NOW = datetime(2026, 11, 24, 3, 10, tzinfo=UTC)
MANIFEST: Record = {"planned_at": "2026-11-24T03:00:00Z", "files": []}


def counts(read: int, rejected: int, files_rejected: int = 0) -> Record:
    outcomes = {"inserted": read - rejected, "rejected": rejected}
    return {"read": read, "outcomes": outcomes, "files_rejected": files_rejected}


LEDGER: Record = {"datasets": {"orders": counts(10, 1), "products": counts(30, 0)}}
REPORT: Record = {"attempt": 1, "score": 97.5, "datasets": {"orders": 95.0, "products": 100.0}}


def sent(ledger: Record = LEDGER, now: datetime = NOW) -> dict[tuple[str, ...], Any]:
    """Return value and unit of each metric, by its name and the values of its dimensions."""
    return {
        (datum["MetricName"], *(dimension["Value"] for dimension in datum["Dimensions"])): (
            datum["Value"],
            datum["Unit"],
        )
        for datum in batch_metrics(MANIFEST, ledger, REPORT, now)
    }


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


def test_the_processing_time_runs_from_the_planning() -> None:
    assert sent()["ProcessingTime",] == (600.0, "Seconds")


def test_dimensions_are_named_dataset_and_outcome() -> None:
    first = batch_metrics(MANIFEST, LEDGER, REPORT, NOW)[0]

    assert [dimension["Name"] for dimension in first["Dimensions"]] == ["Dataset", "Outcome"]


@pytest.mark.parametrize(
    ("now", "stamp"),
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
    now: datetime, stamp: datetime
) -> None:
    stamps = {datum["Timestamp"] for datum in batch_metrics(MANIFEST, LEDGER, REPORT, now)}

    assert stamps == {stamp}


@pytest.fixture
def loaded(bucket: Bucket) -> Bucket:
    planned_at = datetime.now(UTC).isoformat()
    bucket.put_batch(manifest={"planned_at": planned_at, "files": []}, load=LEDGER, quality=REPORT)
    return bucket


def data_points() -> int:
    """Return how often the overall score was received."""
    now = datetime.now(UTC)
    statistics = boto3.client("cloudwatch").get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName="DataQualityScore",
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["SampleCount"],
    )
    return int(sum(point["SampleCount"] for point in statistics["Datapoints"]))


def test_the_metrics_reach_cloudwatch_and_are_written_down(
    loaded: Bucket, deployment: Deployment
) -> None:
    count = publish_metrics(deployment, "b1")

    names = {
        metric["MetricName"]
        for metric in boto3.client("cloudwatch").list_metrics(Namespace="OrdersLakehouse")[
            "Metrics"
        ]
    }
    assert names == {"RecordsProcessed", "ErrorRate", "ProcessingTime", "DataQualityScore"}
    record = loaded.record("b1/metrics.json")
    assert (record["attempt"], record["count"]) == (1, count)


def test_a_second_time_nothing_is_sent(loaded: Bucket, deployment: Deployment) -> None:
    publish_metrics(deployment, "b1")
    received = data_points()

    assert publish_metrics(deployment, "b1") == 0
    assert data_points() == received


def test_an_attempt_that_was_taken_back_is_reported_too(
    loaded: Bucket, deployment: Deployment
) -> None:
    loaded.put_record("b1/attempts/1/undo_started.json", {"ledger": LEDGER})
    loaded.put_record("b1/attempts/1/undone.json", {})
    loaded.s3.delete_object(Bucket=loaded.name, Key="batches/b1/load.json")

    assert publish_metrics(deployment, "b1") > 0
    assert loaded.record("b1/metrics.json")["attempt"] == 1


def test_the_next_attempt_is_reported_again(loaded: Bucket, deployment: Deployment) -> None:
    publish_metrics(deployment, "b1")
    loaded.put_record("b1/attempts/1/undo_started.json", {"ledger": LEDGER})
    loaded.put_record("b1/attempts/1/undone.json", {})
    loaded.put_batch(quality={**REPORT, "attempt": 2})

    assert publish_metrics(deployment, "b1") > 0
    assert loaded.record("b1/metrics.json")["attempt"] == 2


def test_without_a_batch_there_is_nothing_to_say(deployment: Deployment) -> None:
    with pytest.raises(AirflowSkipException, match="no batch"):
        publish_metrics(deployment, "")


def test_before_the_load_there_is_nothing_to_say(bucket: Bucket, deployment: Deployment) -> None:
    with pytest.raises(AirflowSkipException, match="b1 is not loaded"):
        publish_metrics(deployment, "b1")


@pytest.mark.parametrize(
    "records", [{}, {"quality": {**REPORT, "attempt": 2}}], ids=["no report", "of another attempt"]
)
def test_before_the_check_there_is_nothing_to_say(
    records: Any, bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put_batch(load=LEDGER, manifest=MANIFEST, **records)

    with pytest.raises(AirflowSkipException, match="b1 is not checked"):
        publish_metrics(deployment, "b1")
    assert "batches/b1/metrics.json" not in bucket.listed()
