import json
from types import SimpleNamespace
from typing import Any

import pytest
from lakehouse_airflow.alerts import FailureNotifier, notify_failure, notify_success
from lakehouse_airflow.batches import BatchNotReady
from lakehouse_airflow.deployment import Deployment

from tests.plugins.airflow_fixtures import Bucket, queue_on_topic
from tests.plugins.incident_fixtures import JOBS, QUALITY, Inbox, failed_task

LEDGER = {
    "datasets": {
        "orders": {"read": 10, "outcomes": {"inserted": 9, "updated": 0, "rejected": 1}},
        "products": {"read": 0, "outcomes": {"inserted": 0, "updated": 0, "rejected": 0}},
    }
}


def test_a_failure_names_all_that_a_person_on_call_needs(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket
) -> None:
    bucket.put_record("_runs/manual__1.json", {"batch_id": "b1"})
    files = [{"key": "raw/orders/a.csv", "dataset": "orders"}]
    bucket.put_batch(manifest={"batch_id": "b1", "files": files})

    fail(failed_task())

    [envelope] = inbox.read()
    assert envelope["Subject"] == "FAILED: orders_lakehouse.load_delta (manual__1)"
    for fact in (
        "Task load_delta of DAG orders_lakehouse failed",
        "What happened: no table",
        "Data: batch b1 (orders: 1 files)\n  raw/orders/a.csv\n",
        "Is a rerun safe? Yes, at any time",
        '/runs/manual__1/tasks/load_delta > "Clear Task Instance"',
        "Command: airflow tasks clear orders_lakehouse --task-regex load_delta --downstream",
        "Runbook: docs/runbook.md#load_delta",
        "DAG run: manual__1",
        "Task: load_delta, try 3 of 3; failed by now: load_delta",
        "Glue run: jr_1",
        "Log: http://airflow/log",
        "WHERE batch_rejects.batch_id = 'b1'",
    ):
        assert fact in envelope["Message"]


def test_machines_get_the_same_facts_as_json(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket
) -> None:
    bucket.put_record("_runs/manual__1.json", {"batch_id": "b1"})
    files = [{"key": "raw/orders/a.csv", "dataset": "orders"}]
    bucket.put_batch(manifest={"batch_id": "b1", "files": files})

    fail(failed_task())

    [envelope] = inbox.read()
    attribute = envelope["MessageAttributes"]["facts"]
    assert attribute["Type"] == "String"
    facts = json.loads(attribute["Value"])
    assert facts["kind"] == "task_failed"
    assert facts["rerun_is_safe"] is True
    assert (facts["batch_id"], facts["datasets"]) == ("b1", {"orders": 1})
    for fact in ("what", "dag_run_id", "task_id", "glue_run_id", "log_url", "click", "command"):
        assert facts[fact] in envelope["Message"]
    assert facts["query"] in envelope["Message"]


@pytest.mark.parametrize("xcom", [None, ConnectionError()], ids=["no run", "XCom out of reach"])
def test_a_failure_without_a_glue_run_is_told_all_the_same(
    xcom: Any, fail: FailureNotifier, inbox: Inbox
) -> None:
    fail(failed_task(xcom=xcom))

    assert "Glue run: none" in inbox.read()[0]["Message"]


def test_a_task_that_died_without_an_exception_is_told_of(
    fail: FailureNotifier, inbox: Inbox
) -> None:
    fail(failed_task(exception=None))

    assert "the task's process died" in inbox.read()[0]["Message"]


def test_the_callback_of_the_dag_tells_the_topic_of_the_failed_task(
    fail: FailureNotifier, inbox: Inbox, deployment: Deployment
) -> None:
    gate = SimpleNamespace(on_failure_callback=[notify_failure(deployment, QUALITY)])

    fail(failed_task("quality_gate", task=gate, reason="task_failure"))

    assert inbox.subjects(QUALITY) == ["FAILED: orders_lakehouse.quality_gate"]
    assert inbox.read() == []


def test_a_time_out_of_the_dag_is_told_with_the_task_it_stood_at(
    fail: FailureNotifier, inbox: Inbox
) -> None:
    fail(failed_task(reason="timed_out", exception=None))

    [envelope] = inbox.read(JOBS)
    assert envelope["Subject"] == "TIMED OUT: orders_lakehouse (manual__1)"
    assert "took longer than it may" in envelope["Message"]
    assert "Task: load_delta, try 3" in envelope["Message"]
    assert "#dag-time-out" in envelope["Message"]


def test_a_time_out_of_which_airflow_knows_no_task_is_told_too(
    fail: FailureNotifier, inbox: Inbox
) -> None:
    dag = SimpleNamespace(dag_id="orders_lakehouse")
    context: Any = {"dag": dag, "run_id": "manual__1", "reason": "timed_out"}

    fail(context)

    [envelope] = inbox.read()
    assert "Task: none" in envelope["Message"]
    assert '"dag_run_id": "manual__1", "task_ids": ["plan_batch"]' in envelope["Message"]
    assert "/dags/orders_lakehouse/runs/manual__1\n" in envelope["Message"]


def test_a_long_subject_is_cut_to_what_sns_takes(fail: FailureNotifier, inbox: Inbox) -> None:
    context = failed_task()
    context["ti"].run_id = "müller\n" + "x" * 100

    fail(context)

    subject = inbox.read()[0]["Subject"]
    assert len(subject) == 99
    assert subject.startswith("FAILED: orders_lakehouse.load_delta (m?ller xxx")


def test_a_message_keeps_below_what_sns_takes(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket
) -> None:
    bucket.put_record("_runs/manual__1.json", {"batch_id": "b1"})
    files = [{"key": f"raw/orders/{number:0900}.csv", "dataset": "orders"} for number in range(500)]
    bucket.put_batch(manifest={"batch_id": "b1", "files": files})
    notifier = notify_failure(fail.deployment, QUALITY)
    for try_number in range(30):
        notifier(failed_task(try_number=try_number, exception="ü" * 300_000))
    inbox.read()

    fail(failed_task(try_number=40, exception="\U0001f525" * 300_000))

    [envelope] = inbox.read()
    attribute = envelope["MessageAttributes"]["facts"]["Value"]
    assert len(envelope["Message"].encode()) + len(attribute) < 200_000
    assert "and 480 more" in envelope["Message"]
    assert "(10 earlier ones)" in envelope["Message"]


def test_characters_that_sns_refuses_are_replaced(fail: FailureNotifier, inbox: Inbox) -> None:
    fail(failed_task(exception="red \x1b[31m and \x00"))

    assert "What happened: red ?[31m and ?\n" in inbox.read()[0]["Message"]


@pytest.fixture
def published(bucket: Bucket) -> Bucket:
    bucket.put_batch(
        manifest={"files": [{}, {}]},
        load=LEDGER,
        quality={"score": 98.7},
        published={"attempt": 1},
    )
    bucket.put_record("b1/attempts/1/verdict.json", {"verdict": "pass"})
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


@pytest.mark.parametrize(
    ("missing", "cleared"), [("load", "load_delta"), ("published", "publish_batch")]
)
def test_a_batch_that_is_not_published_is_not_called_so_and_closes_nothing(
    missing: str,
    cleared: str,
    published: Bucket,
    fail: FailureNotifier,
    inbox: Inbox,
    deployment: Deployment,
) -> None:
    fail(failed_task())
    inbox.read()
    published.s3.delete_object(Bucket=published.name, Key=f"batches/b1/{missing}.json")

    with pytest.raises(BatchNotReady, match=f"clear {cleared}"):
        notify_success(deployment, "b1")

    assert inbox.read() == []


def test_a_published_batch_closes_the_incident_when_it_is_told_of(
    published: Bucket, fail: FailureNotifier, inbox: Inbox, deployment: Deployment
) -> None:
    fail(failed_task())
    inbox.read()

    notify_success(deployment, "b1")

    assert inbox.subjects() == [
        "RECOVERED: orders_lakehouse, batch b1 is published",
        "Published: batch b1, 10 rows read",
    ]


def test_telling_again_of_a_published_batch_closes_nothing(
    published: Bucket, fail: FailureNotifier, inbox: Inbox, deployment: Deployment
) -> None:
    notify_success(deployment, "b1")
    fail(failed_task())
    inbox.read()

    notify_success(deployment, "b1")

    assert inbox.read() == []
