from collections.abc import Callable

import pytest
from lakehouse_airflow.batches import (
    Batch,
    BatchNotReady,
    batch_of,
    require_loaded,
    require_planned,
)
from lakehouse_airflow.deployment import Deployment

from tests.plugins.airflow_fixtures import Bucket


@pytest.fixture
def batch(bucket: Bucket, deployment: Deployment) -> Batch:
    return batch_of(deployment, "b1")


def undo(bucket: Bucket, attempt: int, finished: bool) -> None:
    bucket.put_record(f"b1/attempts/{attempt}/undo_started.json", {"ledger": {"of": attempt}})
    if finished:
        bucket.put_record(f"b1/attempts/{attempt}/undone.json", {})


def test_a_batch_starts_with_attempt_1(batch: Batch, bucket: Bucket) -> None:
    bucket.put_record("b1/attempts/1/base_versions.json", {})

    assert batch.current_attempt() == 1


def test_every_undo_that_was_started_ends_an_attempt(batch: Batch, bucket: Bucket) -> None:
    undo(bucket, 1, finished=True)
    undo(bucket, 2, finished=False)

    assert batch.current_attempt() == 3


@pytest.mark.parametrize(
    ("finished", "expected"),
    [([], False), ([True], False), ([False], True), ([True, False], True)],
    ids=["no undo", "one finished", "one unfinished", "the second unfinished"],
)
def test_an_undo_is_unfinished_until_its_last_record(
    finished: list[bool], expected: bool, batch: Batch, bucket: Bucket
) -> None:
    for attempt, is_finished in enumerate(finished, start=1):
        undo(bucket, attempt, is_finished)

    assert batch.undo_is_unfinished() is expected


@pytest.mark.parametrize(
    ("records", "is_begun", "was_loaded"),
    [
        pytest.param([], False, False, id="only planned"),
        pytest.param(["attempts/1/base_versions"], True, False, id="committing"),
        pytest.param(["attempts/1/base_versions", "load"], True, True, id="loaded"),
        pytest.param(["attempts/1/undo_started"], True, False, id="being taken back"),
        pytest.param(
            ["attempts/1/base_versions", "attempts/1/undo_started", "attempts/1/undone"],
            False,
            False,
            id="taken back",
        ),
        pytest.param(
            ["attempts/1/undo_started", "attempts/1/undone", "attempts/2/base_versions"],
            True,
            False,
            id="committing for the second time",
        ),
        pytest.param(["archived"], False, True, id="archived, and taken back since"),
    ],
)
def test_how_far_a_batch_has_come_is_told_by_its_records(
    records: list[str], is_begun: bool, was_loaded: bool, batch: Batch, bucket: Bucket
) -> None:
    for name in records:
        bucket.put_record(f"b1/{name}.json", {})

    assert (batch.is_begun(), batch.was_loaded()) == (is_begun, was_loaded)


def test_the_ledger_of_a_loaded_batch_can_be_read(batch: Batch, bucket: Bucket) -> None:
    bucket.put_batch(load={"state": "committed"})

    assert batch.loaded_ledger() == batch.ledger() == {"state": "committed"}


def test_a_batch_that_is_not_loaded_says_to_clear_load_delta(batch: Batch, bucket: Bucket) -> None:
    undo(bucket, 1, finished=True)

    assert batch.ledger() is None
    with pytest.raises(BatchNotReady, match="batch b1 is not loaded: clear load_delta"):
        batch.loaded_ledger()


def test_a_half_undone_batch_counts_as_not_loaded(batch: Batch, bucket: Bucket) -> None:
    bucket.put_batch(load={"state": "committed"})
    undo(bucket, 1, finished=False)

    assert batch.ledger() is None
    with pytest.raises(BatchNotReady, match="unfinished: clear undo_batch"):
        batch.loaded_ledger()


def test_the_ledger_that_was_taken_back_is_kept(batch: Batch, bucket: Bucket) -> None:
    undo(bucket, 1, finished=True)

    assert batch.taken_back_ledger(1) == {"of": 1}
    assert batch.taken_back_ledger(2) is None


def test_only_the_open_batch_is_closed(batch: Batch, bucket: Bucket) -> None:
    bucket.put_record("_open.json", {"batch_id": "b2"})
    batch.close()
    assert bucket.listed("batches/") == ["batches/_open.json"]

    bucket.put_record("_open.json", {"batch_id": "b1"})
    batch.close()
    assert bucket.listed("batches/") == []


@pytest.mark.parametrize("requirement", [require_planned, require_loaded])
def test_a_task_without_a_batch_says_to_clear_plan_batch(
    requirement: Callable[[Deployment, str], None], deployment: Deployment
) -> None:
    with pytest.raises(BatchNotReady, match="clear plan_batch"):
        requirement(deployment, "")


def test_a_planned_batch_may_be_loaded(bucket: Bucket, deployment: Deployment) -> None:
    bucket.put_batch(manifest={"files": []})

    require_planned(deployment, "b1")


def test_a_batch_without_a_manifest_may_not_be_loaded(
    bucket: Bucket, deployment: Deployment
) -> None:
    with pytest.raises(BatchNotReady, match="no manifest: clear plan_batch"):
        require_planned(deployment, "b1")


def test_a_batch_that_gave_way_may_not_be_loaded(bucket: Bucket, deployment: Deployment) -> None:
    bucket.put_batch(manifest={"files": []}, replaced={"by": "b2", "changed": ["contract"]})

    with pytest.raises(BatchNotReady, match="b1, or the contract, have changed: clear plan_batch"):
        require_planned(deployment, "b1")


def test_a_batch_that_is_set_aside_may_not_be_loaded(
    bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put_batch(manifest={"files": []}, replaced={"by": None, "changed": ["set_aside"]})

    with pytest.raises(BatchNotReady, match="batch b1 is set aside: clear plan_batch"):
        require_planned(deployment, "b1")


def test_a_half_undone_batch_may_be_loaded_for_the_load_ends_the_undo(
    bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put_batch(manifest={"files": []})
    undo(bucket, 1, finished=False)

    require_planned(deployment, "b1")


def test_a_batch_that_is_not_loaded_may_not_be_checked(
    bucket: Bucket, deployment: Deployment
) -> None:
    with pytest.raises(BatchNotReady, match="clear load_delta"):
        require_loaded(deployment, "b1")
