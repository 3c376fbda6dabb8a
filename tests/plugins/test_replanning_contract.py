"""Planning again, after the contract has got another version."""

import logging
from pathlib import Path
from typing import Any

import pytest
from lakehouse_airflow import intake
from lakehouse_airflow.batches import BatchNotReady, require_planned
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.manifest import freeze_manifest

from tests.plugins.airflow_fixtures import Bucket, Record
from tests.plugins.planning_fixtures import CONTRACT, PRODUCTS, Plan
from tests.plugins.replanning_fixtures import (
    BEGUN,
    LOADED,
    TAKEN_BACK,
    A,
    Died,
    die_after,
    lying_in_raw,
    planned_files,
)

NAMELESS = "product_id,department_id,department\n1,1,bakery\n"


@pytest.fixture
def raised(tmp_path: Path) -> Path:
    """The contract in version 1.1.0, in which products need no name."""
    lines = CONTRACT.read_text().splitlines()
    lines[lines.index("version: 1.0.0")] = "version: 1.1.0"
    raised = tmp_path / "raised.odcs.yaml"
    raised.write_text("\n".join(line for line in lines if "name: product_name" not in line))
    return raised


@pytest.mark.parametrize("run", ["run_1", "run_2"], ids=["the same run", "another run"])
def test_the_open_batch_gives_way_to_one_of_the_new_contract(
    run: str, old: str, raised: Path, bucket: Bucket, plan: Plan, deployment: Deployment
) -> None:
    new = plan(run, raised)

    assert new != old
    assert bucket.record(f"{new}/manifest.json")["contract_version"] == "1.1.0"
    assert planned_files(bucket, new) == lying_in_raw(bucket)
    assert bucket.record("_open.json") == bucket.record(f"_runs/{run}.json") == {"batch_id": new}
    replaced = bucket.record(f"{old}/replaced.json")
    assert (replaced["by"], replaced["changed"]) == (new, ["contract"])
    assert plan("run_1", raised) == plan("run_3", raised) == new
    require_planned(deployment, new)
    with pytest.raises(BatchNotReady, match="clear plan_batch"):
        require_planned(deployment, old)


def test_headers_are_judged_by_the_new_contract(raised: Path, bucket: Bucket, plan: Plan) -> None:
    bucket.put(A, NAMELESS)
    [refused] = bucket.record(f"{plan('run_1')}/manifest.json")["files"]

    [accepted] = bucket.record(f"{plan('run_1', raised)}/manifest.json")["files"]

    assert refused["header"]["reasons"] == ["missing_column:product_name"]
    assert accepted["header"]["verdict"] == "accepted"


def test_a_contract_that_goes_back_gets_a_batch_of_its_own(
    old: str, raised: Path, bucket: Bucket, plan: Plan
) -> None:
    second = plan("run_2", raised)
    third = plan("run_2")

    assert len({old, second, third}) == 3
    assert planned_files(bucket, third) == planned_files(bucket, old)
    assert plan("run_1") == plan("run_2") == third


@pytest.mark.parametrize("records", BEGUN.values(), ids=BEGUN)
def test_a_batch_whose_load_or_undo_is_under_way_stands_and_says_what_to_do(
    records: dict[str, Record],
    old: str,
    raised: Path,
    bucket: Bucket,
    plan: Plan,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bucket.put_batch(old, **records)

    with caplog.at_level(logging.WARNING, "lakehouse_airflow"):
        assert plan("run_1", raised) == plan("run_2", raised) == old

    assert f"the contract has version 1.1.0, not 1.0.0, but batch {old} is kept" in caplog.text
    assert "deploy contract 1.0.0 again and clear load_delta" in caplog.text
    assert f"Delta-undo-job with --batch_id {old} and clear plan_batch" in caplog.text


@pytest.mark.parametrize("records", LOADED.values(), ids=LOADED)
def test_a_batch_that_was_loaded_stands(
    records: dict[str, Record], old: str, raised: Path, bucket: Bucket, plan: Plan
) -> None:
    bucket.put_batch(old, **records)

    assert plan("run_1", raised) == plan("run_2", raised) == old


def test_a_loaded_batch_that_a_hand_closed_is_not_planned_twice(
    old: str, raised: Path, bucket: Bucket, plan: Plan
) -> None:
    bucket.put_batch(old, load={})
    bucket.s3.delete_object(Bucket=bucket.name, Key="batches/_open.json")

    assert plan("run_2", raised) == old


def test_a_batch_that_was_taken_back_gives_way(
    old: str, raised: Path, bucket: Bucket, plan: Plan
) -> None:
    bucket.put_batch(old, **TAKEN_BACK)

    assert plan("run_1", raised) == plan("run_2", raised) != old


def test_a_batch_whose_load_begins_in_this_very_moment_stands(
    old: str, raised: Path, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    def freeze_after_begin(*arguments: Any) -> str | None:
        bucket.put_batch(old, **{"attempts/1/base_versions": {}})
        return freeze_manifest(*arguments)

    monkeypatch.setattr(intake, "freeze_manifest", freeze_after_begin)

    assert plan("run_1", raised) == old
    assert f"batches/{old}/replaced.json" not in bucket.listed()


@pytest.mark.parametrize("writes", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("next_run", ["run_1", "run_2"], ids=["the same run", "another run"])
def test_wherever_a_planner_dies_all_runs_end_with_the_same_batch(
    next_run: str,
    writes: int,
    old: str,
    raised: Path,
    bucket: Bucket,
    plan: Plan,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        die_after(writes, patch)
        with pytest.raises(Died):
            plan("run_1", raised)

    new = plan(next_run, raised)

    assert new != old
    assert plan("run_1", raised) == plan("run_2", raised) == new
    assert bucket.record("_open.json") == {"batch_id": new}
    assert bucket.record(f"{old}/replaced.json")["by"] == new
    assert bucket.record(f"{new}/manifest.json")["contract_version"] == "1.1.0"


def test_a_manifest_that_nobody_opened_is_not_taken_up_under_another_contract(
    raised: Path, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(A, PRODUCTS)
    with monkeypatch.context() as patch:
        die_after(1, patch)
        with pytest.raises(Died):
            plan("run_1")

    manifest = bucket.record(f"{plan('run_1', raised)}/manifest.json")
    assert manifest["contract_version"] == "1.1.0"
