"""Planning again, after files of the batch have changed in raw/."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from lakehouse_airflow.batches import BatchNotReady, require_planned
from lakehouse_airflow.deployment import Deployment

from tests.plugins.airflow_fixtures import Bucket, Record
from tests.plugins.planning_fixtures import PRODUCTS, Plan
from tests.plugins.replanning_fixtures import (
    BEGUN,
    LOADED,
    OTHER,
    TAKEN_BACK,
    A,
    B,
    delete_newest,
    lying_in_raw,
    planned_files,
    replace,
    withdraw,
    withdraw_all,
)

Change = Callable[[Bucket], Any]


@pytest.mark.parametrize("change", [withdraw, replace], ids=["gone", "replaced"])
@pytest.mark.parametrize("run", ["run_1", "run_2"], ids=["the same run", "another run"])
def test_a_batch_with_a_changed_file_gives_way_to_what_lies_there_now(
    run: str, change: Change, old: str, bucket: Bucket, plan: Plan
) -> None:
    change(bucket)

    new = plan(run)

    assert new != old
    assert planned_files(bucket, new) == lying_in_raw(bucket)
    assert bucket.record("_open.json") == bucket.record(f"_runs/{run}.json") == {"batch_id": new}
    replaced = bucket.record(f"{old}/replaced.json")
    replaced_at = datetime.fromisoformat(replaced.pop("replaced_at"))
    assert abs((datetime.now(UTC) - replaced_at).total_seconds()) < 60
    assert replaced == {"by": new, "changed": [A]}


def test_the_run_that_planned_the_old_batch_goes_on_with_the_new(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    replace(bucket)
    new = plan("run_2")

    assert plan("run_1") == plan("run_1") == new
    assert bucket.record("_runs/run_1.json") == {"batch_id": new}


def test_the_old_batch_can_no_longer_be_loaded(
    old: str, bucket: Bucket, plan: Plan, deployment: Deployment
) -> None:
    replace(bucket)
    new = plan()
    delete_newest(bucket)

    require_planned(deployment, new)
    with pytest.raises(BatchNotReady, match="clear plan_batch"):
        require_planned(deployment, old)


def test_when_nothing_is_left_the_run_is_skipped_and_no_batch_is_open(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    withdraw_all(bucket)

    with pytest.raises(AirflowSkipException):
        plan("run_2")

    assert bucket.record(f"{old}/replaced.json")["by"] is None
    assert bucket.record(f"{old}/replaced.json")["changed"] == [A, B]
    assert "batches/_open.json" not in bucket.listed()
    with pytest.raises(AirflowSkipException):
        plan("run_1")


def test_what_comes_after_nothing_was_left_is_planned_for_the_old_run_too(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    withdraw_all(bucket)
    with pytest.raises(AirflowSkipException):
        plan("run_1")
    bucket.put(B, OTHER)

    new = plan("run_2")

    assert plan("run_1") == new != old


def test_a_file_that_merely_arrived_waits_for_the_next_batch(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    bucket.put("raw/products/c.csv", PRODUCTS)

    assert plan("run_1") == plan("run_2") == old
    assert f"batches/{old}/replaced.json" not in bucket.listed()


def test_a_file_that_was_rejected_whole_is_planned_again_once_it_is_mended(
    bucket: Bucket, plan: Plan
) -> None:
    bucket.put(A, "product_id\n1\n")
    plan("run_1")
    bucket.put(A, PRODUCTS)

    [file] = bucket.record(f"{plan('run_1')}/manifest.json")["files"]
    assert file["header"]["verdict"] == "accepted"


def test_files_that_come_back_are_a_batch_of_their_own(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    replace(bucket)
    second = plan("run_2")
    delete_newest(bucket)
    third = plan("run_2")

    assert len({old, second, third}) == 3
    assert planned_files(bucket, third) == planned_files(bucket, old)
    assert plan("run_1") == plan("run_2") == third


@pytest.mark.parametrize("records", LOADED.values(), ids=LOADED)
def test_a_batch_that_was_loaded_stands_when_its_files_leave(
    records: dict[str, Record],
    old: str,
    bucket: Bucket,
    plan: Plan,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bucket.put_batch(old, **records)
    withdraw_all(bucket)

    with caplog.at_level(logging.WARNING, "lakehouse_airflow"):
        assert plan("run_1") == plan("run_2") == old
    assert "gone" not in caplog.text


@pytest.mark.parametrize("records", BEGUN.values(), ids=BEGUN)
def test_a_batch_whose_load_or_undo_is_under_way_stands_and_says_what_to_do(
    records: dict[str, Record],
    old: str,
    bucket: Bucket,
    plan: Plan,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bucket.put_batch(old, **records)
    planned = bucket.get(A)["VersionId"]
    replace(bucket)

    with caplog.at_level(logging.WARNING, "lakehouse_airflow"):
        assert plan("run_1") == plan("run_2") == old

    assert f"{A} is gone or replaced, but batch {old} is kept" in caplog.text
    assert f"what lies above version {planned} and clear load_delta" in caplog.text
    assert f"Delta-undo-job with --batch_id {old} and clear plan_batch" in caplog.text
    assert B not in caplog.text


def test_a_batch_that_was_taken_back_gives_way(old: str, bucket: Bucket, plan: Plan) -> None:
    bucket.put_batch(old, **TAKEN_BACK)
    replace(bucket)

    assert plan("run_1") == plan("run_2") != old


def test_a_batch_that_a_hand_closed_gives_way_to_the_open_one(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    withdraw(bucket, "batches/_open.json")
    bucket.put("raw/products/c.csv", PRODUCTS)
    opened = plan("run_2")
    withdraw(bucket, A)
    bucket.put_batch(opened, load={})

    assert plan("run_1") == opened
    assert bucket.record(f"{old}/replaced.json")["by"] == opened


def test_an_old_run_does_not_open_again_what_is_long_done(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    replace(bucket)
    new = plan("run_2")
    bucket.put_batch(new, load={}, archived={"files": []})
    withdraw(bucket, "batches/_open.json")
    withdraw_all(bucket)

    assert plan("run_1") == new
    assert "batches/_open.json" not in bucket.listed()
