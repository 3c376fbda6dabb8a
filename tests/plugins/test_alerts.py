from types import SimpleNamespace
from typing import Any

import pytest
from lakehouse_airflow.alerts import notify_failure, notify_success
from lakehouse_airflow.batches import BatchNotReady
from lakehouse_airflow.deployment import Deployment

from tests.plugins.airflow_fixtures import Bucket, queue_on_topic

LEDGER = {
    "datasets": {
        "orders": {"read": 10, "outcomes": {"inserted": 9, "updated": 0, "rejected": 1}},
        "products": {"read": 0, "outcomes": {"inserted": 0, "updated": 0, "rejected": 0}},
    }
}


def failed_task(xcom: Any = "jr_1", **context: Any) -> dict[str, Any]:
    """Return the context of a failure callback, as far as the callback looks at it."""

    def xcom_pull(task_ids: str, key: str) -> Any:
        assert (task_ids, key) == ("load_delta", "glue_job_run_id")
        if isinstance(xcom, Exception):
            raise xcom
        return xcom

    ti = SimpleNamespace(
        dag_id="orders_lakehouse",
        task_id="load_delta",
        run_id="manual__1",
        try_number=3,
        max_tries=2,
        log_url="http://airflow/log",
        xcom_pull=xcom_pull,
    )
    return {"ti": ti, "exception": ValueError("no table"), **context}


def test_a_failure_names_all_that_a_person_on_call_needs(aws: str, deployment: Deployment) -> None:
    queue = queue_on_topic("job-failures")

    notify_failure(deployment, "job-failures")(failed_task())

    [envelope] = queue.messages()
    assert envelope["Subject"] == "FAILED: orders_lakehouse.load_delta (manual__1)"
    for fact in (
        "Task load_delta of DAG orders_lakehouse",
        "What happened: no table",
        "DAG run: manual__1",
        "Try: 3 of 3",
        "Glue run: jr_1",
        "Log: http://airflow/log",
        "safe at any time",
    ):
        assert fact in envelope["Message"]


@pytest.mark.parametrize("xcom", [None, ConnectionError()], ids=["no run", "XCom out of reach"])
def test_a_failure_without_a_glue_run_is_told_all_the_same(
    xcom: Any, aws: str, deployment: Deployment
) -> None:
    queue = queue_on_topic("job-failures")

    notify_failure(deployment, "job-failures")(failed_task(xcom=xcom))

    assert "Glue run: none" in queue.messages()[0]["Message"]


def test_a_task_that_died_without_an_exception_is_told_of(aws: str, deployment: Deployment) -> None:
    queue = queue_on_topic("job-failures")

    notify_failure(deployment, "job-failures")(failed_task(exception=None))

    assert "the task's process died" in queue.messages()[0]["Message"]


def test_a_long_subject_is_cut_to_what_sns_takes(aws: str, deployment: Deployment) -> None:
    queue = queue_on_topic("job-failures")
    context = failed_task()
    context["ti"].run_id = "müller\n" + "x" * 100

    notify_failure(deployment, "job-failures")(context)

    subject = queue.messages()[0]["Subject"]
    assert len(subject) == 99
    assert subject.startswith("FAILED: orders_lakehouse.load_delta (m?ller xxx")


def test_an_endless_exception_is_cut(aws: str, deployment: Deployment) -> None:
    queue = queue_on_topic("job-failures")

    notify_failure(deployment, "job-failures")(failed_task(exception="x" * 300_000))

    assert len(queue.messages()[0]["Message"]) < 5000


@pytest.fixture
def published(bucket: Bucket) -> Bucket:
    bucket.put_batch(manifest={"files": [{}, {}]}, load=LEDGER, quality={"score": 98.7})
    return bucket


def test_a_published_batch_is_summed_up(published: Bucket, deployment: Deployment) -> None:
    queue = queue_on_topic(deployment.sns_topics.published)

    message_id = notify_success(deployment, "b1")

    [envelope] = queue.messages()
    assert envelope["Subject"] == "Published: batch b1, 10 rows read"
    for line in (
        "orders: 10 rows read, 9 inserted, 1 rejected",
        "products: 0 rows read, nothing else",
        "Files archived: 2",
        "Quality score: 98.7",
    ):
        assert line in envelope["Message"].splitlines()
    assert published.record("b1/notified.json") == {"message_id": message_id}


def test_a_published_batch_is_told_of_once(published: Bucket, deployment: Deployment) -> None:
    queue = queue_on_topic(deployment.sns_topics.published)
    message_id = notify_success(deployment, "b1")

    assert notify_success(deployment, "b1") == message_id
    assert len(queue.messages()) == 1


def test_a_batch_that_is_not_loaded_is_not_called_published(
    bucket: Bucket, deployment: Deployment
) -> None:
    queue = queue_on_topic(deployment.sns_topics.published)

    with pytest.raises(BatchNotReady):
        notify_success(deployment, "b1")
    assert queue.messages() == []
