"""Clearing a later task once the batch was taken back: nothing is done, the log says what to do."""

from collections.abc import Callable
from functools import partial

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from lakehouse_airflow.alerts import notify_success
from lakehouse_airflow.archive import archive_files
from lakehouse_airflow.batches import require_loaded
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.quality import pass_quality_gate, require_failing_verdict

from tests.plugins.airflow_fixtures import Bucket, queue_on_topic

TASKS: dict[str, Callable[[Deployment, str], object]] = {
    "check_quality": require_loaded,
    "quality_gate": partial(pass_quality_gate, min_score="0"),
    "undo_batch": require_failing_verdict,
    "archive_files": archive_files,
    "notify_success": notify_success,
}


@pytest.fixture
def taken_back(bucket: Bucket) -> Bucket:
    """The batch b1 with all that a run leaves whose first attempt the gate turned away."""
    bucket.put("raw/products/a.csv")
    bucket.put_batch(
        manifest={"bucket": bucket.name, "files": []}, quality={"attempt": 1, "verdict": "fail"}
    )
    for name in ("base_versions", "verdict", "undo_started", "undone"):
        bucket.put_record(f"b1/attempts/1/{name}.json", {"verdict": "fail", "ledger": {}})
    bucket.put_record("_open.json", {"batch_id": "b1"})
    return bucket


@pytest.mark.parametrize("clear", TASKS.values(), ids=TASKS)
def test_a_cleared_task_says_to_clear_load_delta(
    clear: Callable[[Deployment, str], object], taken_back: Bucket, deployment: Deployment
) -> None:
    inbox = queue_on_topic(deployment.sns_topics.published)
    before = taken_back.listed()

    with pytest.raises((AirflowFailException, AirflowSkipException), match="clear load_delta"):
        clear(deployment, "b1")

    assert taken_back.listed() == before
    assert inbox.messages() == []
