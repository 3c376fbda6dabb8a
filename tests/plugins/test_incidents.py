import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from lakehouse_airflow import incidents
from lakehouse_airflow.alerts import FailureNotifier, notify_failure
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.incidents import incidents_of
from lakehouse_airflow.records import Record, Records
from lakehouse_airflow.topics import publish

from tests.plugins.airflow_fixtures import Bucket
from tests.plugins.incident_fixtures import (
    DELAYS,
    JOBS,
    LATEST,
    QUALITY,
    Inbox,
    failed_task,
    set_back,
)

A_DAY, A_MINUTE, A_SECOND = timedelta(hours=24), timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def fast_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents, "LOOK_AGAIN_SECONDS", 0.05)


def failures_of(bucket: Bucket, name: str = LATEST) -> list[str]:
    return [each["failure"] for each in bucket.record(name)["failures"]]


def test_the_first_failure_opens_an_incident_with_one_message(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket
) -> None:
    fail(failed_task())

    [envelope] = inbox.read()
    assert envelope["Subject"] == "FAILED: orders_lakehouse.load_delta (manual__1)"
    incident = bucket.record(LATEST)
    assert incident["failures"][0]["failure"] == "manual__1/load_delta/3"
    assert incident["topics"][JOBS]["message_id"] == envelope["MessageId"]


def test_a_further_failure_is_added_and_sends_nothing(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket
) -> None:
    fail(failed_task())
    inbox.read()

    fail(failed_task("plan_batch"))

    assert inbox.read() == []
    assert failures_of(bucket) == ["manual__1/load_delta/3", "manual__1/plan_batch/3"]


def test_the_same_failure_reported_twice_is_added_once(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket
) -> None:
    fail(failed_task())
    fail(failed_task(reason="task_failure"))

    assert len(inbox.read()) == len(failures_of(bucket)) == 1


def test_another_try_of_the_same_task_is_another_failure(
    fail: FailureNotifier, bucket: Bucket
) -> None:
    fail(failed_task(try_number=3))
    fail(failed_task(try_number=6))

    assert failures_of(bucket) == ["manual__1/load_delta/3", "manual__1/load_delta/6"]


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        (A_DAY + A_MINUTE, ["STILL OPEN since"]),
        (A_DAY - A_MINUTE, []),
    ],
    ids=["a day since", "not a day yet"],
)
def test_a_failure_a_day_after_the_last_message_reminds(
    since: timedelta, expected: list[str], fail: FailureNotifier, inbox: Inbox, bucket: Bucket
) -> None:
    fail(failed_task())
    inbox.read()
    set_back(bucket, JOBS, sending_at=since, sent_at=since)

    fail(failed_task(try_number=6))
    fail(failed_task(try_number=9))

    assert [subject[:16] for subject in inbox.subjects()] == expected


def test_the_same_failure_does_not_remind(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket
) -> None:
    fail(failed_task())
    inbox.read()
    set_back(bucket, JOBS, sending_at=2 * A_DAY, sent_at=2 * A_DAY)

    fail(failed_task())

    assert inbox.read() == []


def test_each_topic_of_an_incident_is_told_once(
    fail: FailureNotifier, inbox: Inbox, deployment: Deployment, bucket: Bucket
) -> None:
    fail(failed_task())
    gate = notify_failure(deployment, QUALITY)
    gate(failed_task("quality_gate"))
    gate(failed_task("quality_gate", try_number=4))

    assert inbox.subjects(JOBS) == ["FAILED: orders_lakehouse.load_delta"]
    [envelope] = inbox.read(QUALITY)
    assert "Also in this incident: 1\n" in envelope["Message"]
    assert "manual__1/load_delta/3: no table" in envelope["Message"]
    assert len(failures_of(bucket)) == 3


def test_a_task_that_fails_while_another_opens_the_incident_is_added(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Records.create

    def create_second(records: Records, name: str, record: Record) -> Record:
        monkeypatch.setattr(Records, "create", create)
        fail(failed_task("plan_batch"))
        return create(records, name, record)

    monkeypatch.setattr(Records, "create", create_second)
    fail(failed_task())

    assert inbox.subjects() == ["FAILED: orders_lakehouse.plan_batch"]
    assert failures_of(bucket) == ["manual__1/plan_batch/3", "manual__1/load_delta/3"]


def test_a_task_that_fails_while_another_is_added_is_added_too(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(failed_task())
    replace_if = Records.replace_if

    def replace_second(records: Records, name: str, record: Record, by: Record) -> bool:
        monkeypatch.setattr(Records, "replace_if", replace_if)
        fail(failed_task("plan_batch"))
        return replace_if(records, name, record, by)

    monkeypatch.setattr(Records, "replace_if", replace_second)
    fail(failed_task("archive_files"))

    assert inbox.subjects() == ["FAILED: orders_lakehouse.load_delta"]
    assert len(failures_of(bucket)) == 3


def test_who_comes_while_the_message_is_being_sent_waits_and_sends_none(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = threading.Thread(target=fail, args=[failed_task("plan_batch")])

    def publish_slowly(*arguments: Any) -> str:
        other.start()
        other.join(timeout=1)
        assert other.is_alive()
        return publish(*arguments)

    monkeypatch.setattr(incidents, "publish", publish_slowly)
    fail(failed_task())
    other.join(timeout=10)

    assert inbox.subjects() == ["FAILED: orders_lakehouse.load_delta"]
    assert len(failures_of(bucket)) == 2


@pytest.mark.parametrize("task_id", ["load_delta", "plan_batch"], ids=["the same", "another"])
def test_a_message_whose_sender_died_is_sent_by_the_next_one(
    task_id: str, fail: FailureNotifier, inbox: Inbox, bucket: Bucket
) -> None:
    fail(failed_task())
    inbox.read()
    set_back(bucket, JOBS, sending_at=A_MINUTE, sent_at=None, message_id=None)

    fail(failed_task(task_id))

    assert inbox.subjects() == [f"FAILED: orders_lakehouse.{task_id}"]
    assert "message_id" in bucket.record(LATEST)["topics"][JOBS]


def test_a_reminder_whose_sender_died_is_sent_by_the_next_one(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket
) -> None:
    fail(failed_task())
    inbox.read()
    set_back(bucket, JOBS, sending_at=A_MINUTE, sent_at=2 * A_DAY)

    fail(failed_task())

    assert inbox.subjects()[0].startswith("STILL OPEN")


def test_a_message_that_can_t_be_sent_stays_to_be_sent(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> str:
        raise ClientError({"Error": {"Code": "AuthorizationError"}}, "Publish")

    with monkeypatch.context() as patch:
        patch.setattr(incidents, "publish", refuse)
        with pytest.raises(ClientError):
            fail(failed_task())
    set_back(bucket, JOBS, sending_at=A_MINUTE)

    fail(failed_task())

    assert len(inbox.read()) == 1


@pytest.mark.parametrize("body", [b"{", None], ids=["no JSON", "access denied"])
def test_a_failure_that_can_t_be_written_down_is_told_anyway(
    body: bytes | None,
    fail: FailureNotifier,
    inbox: Inbox,
    bucket: Bucket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def denied(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")

    if body:
        bucket.put(f"batches/{LATEST}", body)
    else:
        monkeypatch.setattr(Records, "_find", denied)
    fail(failed_task())

    assert inbox.subjects() == ["FAILED: orders_lakehouse.load_delta"]


def test_a_published_batch_closes_the_incident_and_tells_every_topic_once(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket, deployment: Deployment
) -> None:
    fail(failed_task())
    notify_failure(deployment, DELAYS)(failed_task("plan_batch"))
    inbox.read()

    incidents_of(deployment).close("b1")
    incidents_of(deployment).close("b2")

    recovered = "RECOVERED: orders_lakehouse, batch b1 is published"
    assert [inbox.subjects(topic) for topic in (JOBS, DELAYS)] == [[recovered], [recovered]]
    assert inbox.subjects(QUALITY) == []
    opened_at = bucket.record(LATEST)["opened_at"]
    assert failures_of(bucket, f"_incidents/closed/{opened_at}.json") == failures_of(bucket)


def test_the_recovery_says_what_is_over(
    fail: FailureNotifier, inbox: Inbox, deployment: Deployment
) -> None:
    fail(failed_task())
    inbox.read()

    incidents_of(deployment).close("b1")

    [envelope] = inbox.read()
    assert "Failures since then: 1\n" in envelope["Message"]
    assert "manual__1/load_delta/3: no table" in envelope["Message"]
    facts = json.loads(envelope["MessageAttributes"]["facts"]["Value"])
    assert (facts["kind"], facts["batch_id"], facts["failures"]) == ("recovered", "b1", 1)


def test_without_an_incident_a_published_batch_says_nothing(
    inbox: Inbox, deployment: Deployment, bucket: Bucket
) -> None:
    incidents_of(deployment).close("b1")

    assert inbox.read() == []
    assert bucket.listed("batches/_incidents/") == []


def test_a_failure_after_the_recovery_opens_the_next_incident(
    fail: FailureNotifier, inbox: Inbox, bucket: Bucket, deployment: Deployment
) -> None:
    fail(failed_task())
    incidents_of(deployment).close("b1")
    inbox.read()

    fail(failed_task(try_number=6))
    incidents_of(deployment).close("b2")

    assert inbox.subjects() == [
        "FAILED: orders_lakehouse.load_delta",
        "RECOVERED: orders_lakehouse, batch b2 is published",
    ]
    assert len(bucket.listed("batches/_incidents/closed/")) == 2


@pytest.mark.parametrize(
    ("finisher", "others"),
    [("the next batch", []), ("the next failure", ["FAILED: orders_lakehouse.load_delta"])],
)
def test_a_recovery_whose_sender_died_is_sent_by_the_next_one(
    finisher: str,
    others: list[str],
    fail: FailureNotifier,
    inbox: Inbox,
    bucket: Bucket,
    deployment: Deployment,
) -> None:
    fail(failed_task())
    inbox.read()
    closed = {"closed_by": "b1", "closed_at": "2026-11-24T03:00:00Z"}
    bucket.put_record(LATEST, {**bucket.record(LATEST), **closed})

    if finisher == "the next batch":
        incidents_of(deployment).close("b2")
    else:
        fail(failed_task(try_number=6))

    assert inbox.subjects() == ["RECOVERED: orders_lakehouse, batch b1 is published", *others]
    assert len(bucket.listed("batches/_incidents/closed/")) == 1


def test_a_failure_that_comes_while_the_incident_is_closed_is_not_lost(
    fail: FailureNotifier,
    inbox: Inbox,
    bucket: Bucket,
    deployment: Deployment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fail(failed_task())
    inbox.read()
    replace_if = Records.replace_if

    def replace_second(records: Records, name: str, record: Record, by: Record) -> bool:
        monkeypatch.setattr(Records, "replace_if", replace_if)
        fail(failed_task("plan_batch"))
        return replace_if(records, name, record, by)

    monkeypatch.setattr(Records, "replace_if", replace_second)
    incidents_of(deployment).close("b1")

    [envelope] = inbox.read()
    assert "manual__1/plan_batch/3" in envelope["Message"]
