"""Planners that die while a batch gives way to another, and planners that overtake each other."""

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from lakehouse_airflow import intake
from lakehouse_airflow.manifest import freeze_manifest
from lakehouse_airflow.records import Record, Records

from tests.plugins.airflow_fixtures import Bucket
from tests.plugins.planning_fixtures import PRODUCTS, Plan
from tests.plugins.replanning_fixtures import (
    BEGUN,
    OTHER,
    B,
    Died,
    delete_newest,
    die_after,
    lying_in_raw,
    planned_files,
    replace,
    withdraw,
    withdraw_all,
)


def test_a_file_that_is_back_before_anything_is_written_changes_nothing(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def freeze_after_return(*arguments: Any) -> str | None:
        delete_newest(bucket)
        return freeze_manifest(*arguments)

    withdraw(bucket)
    monkeypatch.setattr(intake, "freeze_manifest", freeze_after_return)

    assert plan() == old
    assert f"batches/{old}/replaced.json" not in bucket.listed()


def test_of_two_planners_at_once_both_go_to_the_same_batch(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    faster: list[str] = []

    def overtaken(*arguments: Any) -> str | None:
        frozen = freeze_manifest(*arguments)
        if not faster:
            faster.append("")
            bucket.put("raw/products/c.csv", PRODUCTS)
            faster[0] = plan("run_2")
        return frozen

    replace(bucket)
    monkeypatch.setattr(intake, "freeze_manifest", overtaken)

    assert plan("run_1") == faster[0]
    assert len(planned_files(bucket, faster[0])) == 3
    assert bucket.record("_open.json") == {"batch_id": faster[0]}


@pytest.mark.parametrize("writes", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("next_run", ["run_1", "run_2"], ids=["the same run", "another run"])
def test_wherever_a_planner_dies_all_runs_end_with_the_same_batch(
    next_run: str,
    writes: int,
    old: str,
    bucket: Bucket,
    plan: Plan,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replace(bucket)
    with monkeypatch.context() as patch:
        die_after(writes, patch)
        with pytest.raises(Died):
            plan("run_1")
    bucket.put("raw/products/c.csv", PRODUCTS)

    new = plan(next_run)

    assert new != old
    assert plan("run_1") == plan("run_2") == plan("run_3") == new
    assert bucket.record("_open.json") == {"batch_id": new}
    assert bucket.record(f"{old}/replaced.json")["by"] == new
    assert planned_files(bucket, new).items() <= lying_in_raw(bucket).items()


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_wherever_a_planner_dies_that_finds_nothing_no_batch_is_open(
    writes: int, old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdraw_all(bucket)
    with monkeypatch.context() as patch:
        die_after(writes, patch)
        with pytest.raises(Died):
            plan("run_1")

    with pytest.raises(AirflowSkipException):
        plan("run_2")
    assert "batches/_open.json" not in bucket.listed()

    bucket.put(B, OTHER)
    assert plan("run_1") == plan("run_2") != old


def test_a_load_that_begins_before_the_batch_gives_way_keeps_it(
    old: str,
    bucket: Bucket,
    plan: Plan,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    create = Records.create

    def overtaken(records: Records, name: str, record: Record) -> Record:
        if name.endswith("/replaced.json"):
            bucket.put_batch(old, **BEGUN["committing"])
        return create(records, name, record)

    replace(bucket)
    monkeypatch.setattr(Records, "create", overtaken)

    assert plan("run_1") == plan("run_2") == old
    assert f"batch {old} is kept" in caplog.text
    assert bucket.record("_open.json") == bucket.record("_runs/run_1.json") == {"batch_id": old}
    assert f"batches/{old}/replaced.json" not in bucket.listed()


def test_a_load_that_begins_when_the_planner_has_died_keeps_the_batch(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(bucket)
    with monkeypatch.context() as patch:
        die_after(3, patch)
        with pytest.raises(Died):
            plan("run_1")
    assert f"batches/{old}/replaced.json" in bucket.listed()
    bucket.put_batch(old, **BEGUN["committing"])

    assert plan("run_2") == plan("run_1") == old
    assert f"batches/{old}/replaced.json" not in bucket.listed()


def test_a_load_that_is_too_late_brings_no_batch_back(old: str, bucket: Bucket, plan: Plan) -> None:
    replace(bucket)
    new = plan("run_2")
    bucket.put_batch(old, **BEGUN["committing"])

    assert plan("run_1") == new
    assert bucket.record(f"{old}/replaced.json")["by"] == new
