"""Workers that die while a batch is set aside, loads that begin meanwhile, and two at once."""

from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from lakehouse_airflow import archive, moving
from lakehouse_airflow.archive import ArchiveError
from lakehouse_airflow.asking import SetAsideRefused
from lakehouse_airflow.batches import Batch
from lakehouse_airflow.moving import move_file
from lakehouse_airflow.records import Record, RecordError, Records

from tests.plugins.airflow_fixtures import Bucket
from tests.plugins.planning_fixtures import PRODUCTS, Plan
from tests.plugins.replanning_fixtures import BEGUN, WRITES, A, B, Died, die_after, planned_files

C = "raw/products/c.csv"
# Each write, and the looks at a file and its copy, of which one lies between copy and delete.
CALLS = WRITES | {"HeadObject"}
ASKED, SETTLED, ALL_CALLS = 1, 2, 15


def dies(plan: Plan, old: str, calls: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask for the batch to be set aside, and die after that many calls of S3."""
    with monkeypatch.context() as patch:
        die_after(calls, patch, CALLS)
        with pytest.raises(Died):
            plan("run_2", set_aside=old)


def end_of(old: str, bucket: Bucket) -> tuple[list[str], list[str], list[Record]]:
    """Return what is to be the same however the batch was set aside."""
    record = bucket.record(f"{old}/set_aside.json")
    written = bucket.s3.list_object_versions(
        Bucket=bucket.name, Prefix=f"batches/{old}/set_aside.json"
    )
    assert len(written["Versions"]) == 1
    assert record["set_aside_by"] == "run_2"
    return bucket.listed("raw/"), bucket.listed("archive/"), record["files"]


def expected_end(old: str, bucket: Bucket) -> tuple[list[str], list[str], list[Record]]:
    files: list[Record] = [
        {
            "key": key,
            "version_id": version,
            "archive_key": f"archive/set_aside/{old}/{key.removeprefix('raw/')}",
            "size": len(PRODUCTS),
        }
        for key, version in planned_files(bucket, old).items()
    ]
    return [C], [file["archive_key"] for file in files], files


@pytest.mark.parametrize("calls", range(1, ALL_CALLS + 1))
@pytest.mark.parametrize("again", [True, False], ids=["the same run", "a run that asks nothing"])
def test_wherever_a_worker_dies_the_batch_is_set_aside(
    again: bool, calls: int, old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(C, PRODUCTS)
    dies(plan, old, calls, monkeypatch)

    new = plan("run_2", set_aside=old) if again else plan("run_3")

    assert end_of(old, bucket) == expected_end(old, bucket)
    assert list(planned_files(bucket, new)) == [C]
    assert plan("run_1") == plan("run_2", set_aside=old) == plan("run_3") == new
    assert bucket.record("_open.json") == {"batch_id": new}


def test_there_is_no_later_call_to_die_after(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(C, PRODUCTS)
    die_after(ALL_CALLS + 1, monkeypatch, CALLS)

    plan("run_2", set_aside=old)


def test_a_load_that_began_before_it_was_asked_for_keeps_the_batch(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Records.create

    def overtaken(records: Records, name: str, record: Record) -> Record:
        if name.endswith("/replaced.json"):
            bucket.put_batch(old, **BEGUN["committing"])
        return create(records, name, record)

    monkeypatch.setattr(Records, "create", overtaken)

    with pytest.raises(SetAsideRefused, match="in this very moment its load has begun"):
        plan("run_2", set_aside=old)

    stands(old, bucket, plan)


def stands(old: str, bucket: Bucket, plan: Plan) -> None:
    assert plan("run_1") == plan("run_3") == old
    assert bucket.listed("raw/") == [A, B]
    assert f"batches/{old}/replaced.json" not in bucket.listed()


@pytest.mark.parametrize("records", ["committing", "loaded"])
def test_a_load_that_goes_on_when_the_worker_has_died_keeps_the_batch(
    records: str, old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(plan, old, ASKED, monkeypatch)
    bucket.put_batch(old, **BEGUN["committing"])
    if records == "loaded":
        bucket.put_batch(old, load={})

    with pytest.raises(SetAsideRefused):
        plan("run_2", set_aside=old)

    stands(old, bucket, plan)


@pytest.mark.parametrize("calls", range(SETTLED, ALL_CALLS + 1))
def test_a_load_that_comes_too_late_brings_no_batch_back(
    calls: int, old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put(C, PRODUCTS)
    dies(plan, old, calls, monkeypatch)
    bucket.put_batch(old, **BEGUN["committing"])

    plan("run_3")

    assert end_of(old, bucket) == expected_end(old, bucket)


def test_what_was_taken_back_by_another_is_not_settled(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_if = Records.replace_if

    def overtaken(records: Records, name: str, record: Record, by: Record) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Records, "replace_if", replace_if)
            bucket.put_batch(old, **BEGUN["committing"])
            assert plan("run_3") == old
        replace_if(records, name, record, by)

    with monkeypatch.context() as patch:
        patch.setattr(Records, "replace_if", overtaken)
        with pytest.raises(RecordError, match="withdrawn just now"):
            plan("run_2", set_aside=old)

    stands(old, bucket, plan)


def test_what_is_settled_is_not_taken_back_by_a_slower_one(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower one sees a load that comes too late, and holds the record from before."""
    bucket.put(C, PRODUCTS)
    dies(plan, old, ASKED, monkeypatch)
    is_begun = Batch.is_begun

    def late(batch: Batch) -> bool:
        with monkeypatch.context() as patch:
            patch.setattr(Batch, "is_begun", is_begun)
            plan("run_2", set_aside=old)
        bucket.put_batch(old, **BEGUN["committing"])
        return is_begun(batch)

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "is_begun", late)
        new = plan("run_3")

    assert end_of(old, bucket) == expected_end(old, bucket)
    assert list(planned_files(bucket, new)) == [C]


def test_of_two_at_once_both_end_with_the_same_batch(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    faster: list[str] = []

    def overtaken(*arguments: Any) -> None:
        if not faster:
            faster.append("")
            faster[0] = plan("run_3", set_aside=old)
        move_file(*arguments)

    bucket.put(C, PRODUCTS)
    monkeypatch.setattr(archive, "move_file", overtaken)

    assert plan("run_2", set_aside=old) == faster[0]
    assert end_of(old, bucket) == expected_end(old, bucket)


def test_one_that_loses_the_race_for_a_file_is_tried_again(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy of what another has moved away in the middle of it: Airflow tries the task again."""
    copy = moving._copy

    def overtaken(*arguments: Any) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(moving, "_copy", copy)
            plan("run_3", set_aside=old)
        copy(*arguments)

    bucket.put(C, PRODUCTS)
    with monkeypatch.context() as patch:
        patch.setattr(moving, "_copy", overtaken)
        with pytest.raises(ArchiveError):
            plan("run_2", set_aside=old)

    assert plan("run_2", set_aside=old) == plan("run_3")
    assert end_of(old, bucket) == expected_end(old, bucket)


def test_a_planner_that_takes_moving_files_for_changed_ones_goes_the_same_way(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It saw no record yet, then half the files, and freezes what nobody opens."""
    bucket.put(C, PRODUCTS)
    read = Records.read

    def stale(records: Records, name: str) -> Record | None:
        found = read(records, name)
        if name == f"{old}/replaced.json" and found is None:
            with monkeypatch.context() as patch:
                patch.setattr(Records, "read", read)
                dies(plan, old, 7, monkeypatch)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(Records, "read", stale)
        new = plan("run_3")

    assert end_of(old, bucket) == expected_end(old, bucket)
    assert list(planned_files(bucket, new)) == [C]
    assert bucket.record("_open.json") == {"batch_id": new}


def test_a_batch_that_gives_way_at_this_very_moment_is_not_set_aside(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = Records.create

    def overtaken(records: Records, name: str, record: Record) -> Record:
        if name.endswith("/replaced.json") and record["by"] is None:
            bucket.put(A, PRODUCTS)
            with monkeypatch.context() as patch:
                patch.setattr(Records, "create", create)
                plan("run_3")
        return create(records, name, record)

    monkeypatch.setattr(Records, "create", overtaken)

    with pytest.raises(SetAsideRefused, match="has given way to another"):
        plan("run_2", set_aside=old)

    assert bucket.listed("raw/") == [A, B]
    assert plan("run_2") == plan("run_3") != old


def test_files_all_moved_and_a_worker_dead_the_next_file_finds_the_batch_closed(
    old: str, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    dies(plan, old, 11, monkeypatch)
    assert bucket.listed("raw/") == []

    with pytest.raises(AirflowSkipException):
        plan("run_3")
    assert "batches/_open.json" not in bucket.listed()
