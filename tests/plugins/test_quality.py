from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from lakehouse_airflow.batches import BatchNotReady
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.quality import (
    QualityGateClosed,
    pass_quality_gate,
    require_failing_verdict,
)

from tests.plugins.airflow_fixtures import Bucket, Record


def check(name: str, outcome: str, severity: str = "fail") -> Record:
    return {"name": name, "dataset": "orders", "severity": severity, "outcome": outcome}


def report(verdict: str = "pass", score: float = 100, attempt: int = 1, **checks: Record) -> Record:
    return {
        "attempt": attempt,
        "verdict": verdict,
        "score": score,
        "checks": list(checks.values()),
    }


FAILING = report("fail", 50, first=check("no doubles", "fail"), second=check("fresh", "pass"))


def test_a_good_batch_passes_and_the_verdict_is_written_down(
    bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put_batch(load={}, quality=report())

    pass_quality_gate(deployment, "b1", "0")

    verdict = bucket.record("b1/attempts/1/verdict.json")
    assert (verdict["verdict"], verdict["objections"]) == ("pass", [])


def test_a_failed_check_closes_the_gate_by_name(bucket: Bucket, deployment: Deployment) -> None:
    bucket.put_batch(load={}, quality=FAILING)

    with pytest.raises(QualityGateClosed, match=r"b1: check failed: no doubles \(orders\)$"):
        pass_quality_gate(deployment, "b1", "0")
    assert bucket.record("b1/attempts/1/verdict.json")["verdict"] == "fail"


def test_a_failed_warning_leaves_the_gate_open(bucket: Bucket, deployment: Deployment) -> None:
    warned = report("pass", 50, only=check("few rejects", "fail", severity="warn"))
    bucket.put_batch(load={}, quality=warned)

    pass_quality_gate(deployment, "b1", "0")


def test_a_low_score_closes_the_gate(bucket: Bucket, deployment: Deployment) -> None:
    bucket.put_batch(load={}, quality=report("pass", 89.9))

    with pytest.raises(QualityGateClosed, match=r"score 89\.9 is below 90\.0"):
        pass_quality_gate(deployment, "b1", "90")
    assert bucket.record("b1/attempts/1/verdict.json")["verdict"] == "fail"


def test_a_score_that_is_just_enough_passes(bucket: Bucket, deployment: Deployment) -> None:
    bucket.put_batch(load={}, quality=report("pass", 90))

    pass_quality_gate(deployment, "b1", "90")


def test_a_failing_verdict_without_a_failed_check_closes_the_gate(
    bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put_batch(load={}, quality=report("fail", 100))

    with pytest.raises(QualityGateClosed, match="verdict is fail"):
        pass_quality_gate(deployment, "b1", "0")


@pytest.mark.parametrize(
    "records",
    [{"load": {}}, {"load": {}, "quality": report(attempt=2)}],
    ids=["no report", "a report of another attempt"],
)
def test_an_attempt_that_is_not_checked_says_to_clear_check_quality(
    records: Any, bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put_batch(**records)

    with pytest.raises(BatchNotReady, match="clear check_quality"):
        pass_quality_gate(deployment, "b1", "0")


def test_after_an_undo_the_gate_says_to_clear_load_delta(
    bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put_batch(quality=FAILING)
    bucket.put_record("b1/attempts/1/undo_started.json", {"ledger": {}})
    bucket.put_record("b1/attempts/1/undone.json", {})

    with pytest.raises(BatchNotReady, match="clear load_delta"):
        pass_quality_gate(deployment, "b1", "0")


def test_a_batch_that_the_gate_turned_away_is_undone(
    bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put_batch(load={}, quality=FAILING)
    with pytest.raises(QualityGateClosed):
        pass_quality_gate(deployment, "b1", "0")

    require_failing_verdict(deployment, "b1")


def test_a_batch_that_passed_is_not_undone(bucket: Bucket, deployment: Deployment) -> None:
    bucket.put_batch(load={}, quality=report())
    pass_quality_gate(deployment, "b1", "0")

    with pytest.raises(AirflowSkipException, match="no failing verdict"):
        require_failing_verdict(deployment, "b1")


def test_a_batch_that_never_reached_the_gate_is_not_undone(
    bucket: Bucket, deployment: Deployment
) -> None:
    with pytest.raises(AirflowSkipException, match="no failing verdict"):
        require_failing_verdict(deployment, "b1")


def test_a_run_without_a_batch_has_nothing_to_undo(deployment: Deployment) -> None:
    with pytest.raises(AirflowSkipException, match="no batch"):
        require_failing_verdict(deployment, "")


def test_an_undo_that_was_interrupted_goes_on(bucket: Bucket, deployment: Deployment) -> None:
    bucket.put_record("b1/attempts/1/undo_started.json", {"ledger": {}})

    require_failing_verdict(deployment, "b1")


def test_a_finished_undo_is_not_done_again(bucket: Bucket, deployment: Deployment) -> None:
    bucket.put_record("b1/attempts/1/verdict.json", {"verdict": "fail"})
    bucket.put_record("b1/attempts/1/undo_started.json", {"ledger": {}})
    bucket.put_record("b1/attempts/1/undone.json", {})

    with pytest.raises(AirflowSkipException, match="clear load_delta"):
        require_failing_verdict(deployment, "b1")
