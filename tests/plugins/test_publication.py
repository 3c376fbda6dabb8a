import json

import pytest
from lakehouse_airflow import batches
from lakehouse_airflow.batches import Batch, BatchNotReady
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.publication import prepare_load, publish_batch
from lakehouse_airflow.records import Record
from lakehouse_airflow.verification import VERIFICATIONS

from tests.plugins.airflow_fixtures import Bucket


@pytest.fixture
def verified(bucket: Bucket) -> Bucket:
    """Batch b1 has gone through all that publishing needs, in its first attempt."""
    bucket.put_batch(
        load={
            "datasets": {"orders": {"new_version": 4}, "products": {"new_version": 2}},
            "rejected": {"new_version": 1},
        }
    )
    verify(bucket, attempt=1)
    return bucket


def verify(bucket: Bucket, attempt: int) -> None:
    bucket.put_record(f"b1/attempts/{attempt}/verdict.json", {"verdict": "pass"})
    bucket.put_record(f"b1/attempts/{attempt}/crawled.json", {})
    for name in VERIFICATIONS:
        bucket.put_record(f"b1/attempts/{attempt}/verified/{name}.json", {})


def test_the_mark_says_when_by_which_run_and_which_versions(
    verified: Bucket, deployment: Deployment
) -> None:
    published_at = publish_batch(deployment, "b1", "scheduled__1")

    assert verified.record("b1/published.json") == {
        "attempt": 1,
        "published_at": published_at,
        "dag_run": "scheduled__1",
        "versions": {"orders": 4, "products": 2, "rejected": 1},
    }


def test_athena_s_readers_get_it_as_one_line(verified: Bucket, deployment: Deployment) -> None:
    published_at = publish_batch(deployment, "b1", "scheduled__1")

    text = verified.get("published/b1.json")["Body"].decode()
    assert "\n" not in text
    assert json.loads(text) == {
        "batch_id": "b1",
        "attempt": 1,
        "published_at": published_at,
        "dag_run": "scheduled__1",
    }


def test_publishing_again_changes_nothing(verified: Bucket, deployment: Deployment) -> None:
    first = publish_batch(deployment, "b1", "scheduled__1")
    before = verified.s3.list_object_versions(Bucket=verified.name)["Versions"]

    assert publish_batch(deployment, "b1", "manual__2") == first
    assert verified.s3.list_object_versions(Bucket=verified.name)["Versions"] == before


def test_whoever_finds_the_record_knows_that_readers_see_the_batch(
    verified: Bucket, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = Batch.put

    def dies(batch: Batch, name: str, record: Record) -> None:
        if name == batches.PUBLISHED:
            raise ConnectionError
        put(batch, name, record)

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "put", dies)
        with pytest.raises(ConnectionError):
            publish_batch(deployment, "b1", "scheduled__1")
    assert verified.listed("published/") == ["published/b1.json"]

    published_at = publish_batch(deployment, "b1", "scheduled__1")

    assert json.loads(verified.get("published/b1.json")["Body"])["published_at"] == published_at


def test_a_batch_that_was_loaded_anew_is_published_anew(
    verified: Bucket, deployment: Deployment
) -> None:
    publish_batch(deployment, "b1", "scheduled__1")
    verified.put_record("b1/attempts/1/undo_started.json", {})
    verified.put_record("b1/attempts/1/undone.json", {})
    with pytest.raises(BatchNotReady, match="clear quality_gate"):
        publish_batch(deployment, "b1", "scheduled__1")
    verify(verified, attempt=2)

    publish_batch(deployment, "b1", "scheduled__1")

    assert verified.record("b1/published.json")["attempt"] == 2
    assert json.loads(verified.get("published/b1.json")["Body"])["attempt"] == 2


def test_a_published_batch_that_was_undone_is_hidden_before_it_is_loaded_again(
    verified: Bucket, deployment: Deployment
) -> None:
    verified.put_batch(manifest={"files": []})
    verified.put("published/b1.json", '{"attempt": 1}')
    publish_batch(deployment, "b1", "scheduled__1")
    verified.put_record("b1/attempts/1/undo_started.json", {})

    prepare_load(deployment, "b1")

    assert verified.listed("published/") == []


def test_loading_a_published_batch_again_hides_nothing(
    verified: Bucket, deployment: Deployment
) -> None:
    verified.put_batch(manifest={"files": []})
    publish_batch(deployment, "b1", "scheduled__1")

    prepare_load(deployment, "b1")

    assert verified.listed("published/") == ["published/b1.json"]


def test_what_is_not_planned_may_not_be_loaded(verified: Bucket, deployment: Deployment) -> None:
    with pytest.raises(BatchNotReady, match="no manifest: clear plan_batch"):
        prepare_load(deployment, "b1")


@pytest.mark.parametrize(
    ("missing", "task"),
    [
        ("load", "load_delta"),
        ("attempts/1/verdict", "quality_gate"),
        ("attempts/1/crawled", "run_crawler"),
        *((f"attempts/1/verified/{name}", f"query_{name}") for name in VERIFICATIONS),
    ],
)
def test_a_step_that_is_missing_is_named(
    missing: str, task: str, verified: Bucket, deployment: Deployment
) -> None:
    verified.s3.delete_object(Bucket=verified.name, Key=f"batches/b1/{missing}.json")

    with pytest.raises(BatchNotReady, match=f": clear {task}$"):
        publish_batch(deployment, "b1", "scheduled__1")
    assert verified.listed("published/") == []
    assert "batches/b1/published.json" not in verified.listed()
