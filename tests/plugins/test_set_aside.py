"""Setting the open batch aside: where its files go, what is planned next, what is refused."""

import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.sdk.definitions.param import ParamsDict
from airflow.sdk.exceptions import AirflowSkipException, ParamValidationError
from lakehouse_airflow.asking import SetAsideRefused
from lakehouse_airflow.batches import BatchNotReady, require_planned
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.set_aside import set_aside_param

from tests.plugins.airflow_fixtures import Bucket, Record
from tests.plugins.glue_fixtures import NewJob
from tests.plugins.planning_fixtures import PRODUCTS, Plan
from tests.plugins.replanning_fixtures import (
    BEGUN,
    LOADED,
    OTHER,
    TAKEN_BACK,
    A,
    delete_newest,
    lying_in_raw,
    planned_files,
    replace,
    withdraw,
)

C = "raw/products/c.csv"


@pytest.fixture
def more(old: str, bucket: Bucket) -> None:
    """A file that arrived after the batch was planned."""
    bucket.put(C, PRODUCTS)


def archived(batch_id: str, name: str) -> str:
    return f"archive/set_aside/{batch_id}/products/{name}"


def test_the_files_are_moved_and_what_is_left_is_planned_by_the_same_run(
    old: str, more: None, bucket: Bucket, plan: Plan
) -> None:
    new = plan("run_2", set_aside=old)

    assert bucket.listed("archive/") == [archived(old, "a.csv"), archived(old, "b.csv")]
    assert bucket.get(archived(old, "a.csv"))["Body"] == PRODUCTS.encode()
    assert new != old
    assert list(planned_files(bucket, new)) == bucket.listed("raw/") == [C]
    assert bucket.record("_open.json") == bucket.record("_runs/run_2.json") == {"batch_id": new}


def test_it_is_written_down_when_by_which_run_and_where_the_files_are(
    old: str, more: None, bucket: Bucket, plan: Plan
) -> None:
    files = bucket.record(f"{old}/manifest.json")["files"]
    plan("run_2", set_aside=old)

    record = bucket.record(f"{old}/set_aside.json")
    set_aside_at = datetime.fromisoformat(record.pop("set_aside_at"))
    assert abs((datetime.now(UTC) - set_aside_at).total_seconds()) < 60
    assert record == {
        "set_aside_by": "run_2",
        "files": [
            {
                "key": file["key"],
                "version_id": file["version_id"],
                "archive_key": archived(old, file["key"].removeprefix("raw/products/")),
                "size": file["size"],
            }
            for file in files
        ],
    }


def test_a_file_that_comes_back_from_there_is_as_old_as_its_delivery(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    delivered_at = bucket.record(f"{old}/manifest.json")["files"][0]["delivered_at"]
    with pytest.raises(AirflowSkipException):
        plan("run_2", set_aside=old)
    source = {"Bucket": bucket.name, "Key": archived(old, "a.csv")}
    bucket.s3.copy(source, bucket.name, A)

    [file] = bucket.record(f"{plan('run_3')}/manifest.json")["files"]

    assert file["key"] == A
    assert file["delivered_at"] == delivered_at
    assert bucket.get(A)["Metadata"]["delivered-at"] == delivered_at


def test_when_nothing_is_left_the_run_is_skipped_and_no_batch_is_open(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    with pytest.raises(AirflowSkipException, match="no file"):
        plan("run_2", set_aside=old)

    assert bucket.listed("raw/") == []
    assert "batches/_open.json" not in bucket.listed()


def test_a_newer_version_stays_and_is_planned_next(old: str, bucket: Bucket, plan: Plan) -> None:
    replace(bucket)

    new = plan("run_2", set_aside=old)

    assert bucket.get(A)["Body"] == OTHER.encode()
    assert planned_files(bucket, new) == lying_in_raw(bucket)
    assert bucket.get(archived(old, "a.csv"))["Body"] == PRODUCTS.encode()


def test_a_file_that_is_gone_holds_nothing_up(
    old: str, bucket: Bucket, plan: Plan, caplog: pytest.LogCaptureFixture
) -> None:
    delete_newest(bucket, A)

    with caplog.at_level(logging.WARNING), pytest.raises(AirflowSkipException):
        plan("run_2", set_aside=old)

    assert f"{A}: version" in caplog.text
    first, second = bucket.record(f"{old}/set_aside.json")["files"]
    assert (first["archive_key"], second["archive_key"]) == (None, archived(old, "b.csv"))


def test_a_withdrawn_file_is_moved_all_the_same(old: str, bucket: Bucket, plan: Plan) -> None:
    withdraw(bucket, A)

    with pytest.raises(AirflowSkipException):
        plan("run_2", set_aside=old)

    assert bucket.listed("archive/") == [archived(old, "a.csv"), archived(old, "b.csv")]


def test_a_batch_that_was_taken_back_can_be_set_aside(old: str, bucket: Bucket, plan: Plan) -> None:
    bucket.put_batch(old, **TAKEN_BACK)

    with pytest.raises(AirflowSkipException):
        plan("run_2", set_aside=old)

    assert f"batches/{old}/set_aside.json" in bucket.listed()


def test_the_run_that_worked_on_the_batch_goes_on_with_what_is_left(
    old: str, more: None, bucket: Bucket, plan: Plan, deployment: Deployment
) -> None:
    new = plan("run_2", set_aside=old)

    with pytest.raises(BatchNotReady, match=f"{old} is set aside: clear plan_batch"):
        require_planned(deployment, old)
    assert plan("run_1") == new


def test_asked_again_the_batch_is_left_alone(
    old: str, more: None, bucket: Bucket, plan: Plan, caplog: pytest.LogCaptureFixture
) -> None:
    new = plan("run_2", set_aside=old)
    before = {key: bucket.get(key)["VersionId"] for key in bucket.listed()}

    with caplog.at_level(logging.INFO, "lakehouse_airflow"):
        assert plan("run_2", set_aside=old) == new

    assert f"batch {old} was set aside before: nothing to do" in caplog.text
    assert {key: bucket.get(key)["VersionId"] for key in bucket.listed()} == before


def test_the_same_delivery_again_is_a_batch_of_its_own(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    with pytest.raises(AirflowSkipException):
        plan("run_2", set_aside=old)
    bucket.put(A, PRODUCTS)

    assert plan("run_3") != old
    assert bucket.listed("raw/") == [A]


def is_refused(bucket: Bucket, plan: Plan, batch_id: str) -> str:
    """Ask, see that nothing has changed, and return why it was refused."""
    before = bucket.listed()
    with pytest.raises(SetAsideRefused) as refused:
        plan("run_2", set_aside=batch_id)
    assert bucket.listed() == before
    return str(refused.value)


@pytest.mark.parametrize(
    "records",
    [*BEGUN.values(), LOADED["loaded"]],
    ids=[*BEGUN, "loaded"],
)
def test_a_batch_that_tables_may_hold_is_to_be_undone_first(
    records: dict[str, Record], old: str, bucket: Bucket, plan: Plan
) -> None:
    bucket.put_batch(old, **records)

    refusal = is_refused(bucket, plan, old)

    assert f"Undo it first: run the Glue job Delta-undo-job with --batch_id {old}, then" in refusal
    assert plan("run_3") == old


def test_a_batch_that_is_archived_is_to_be_closed(old: str, bucket: Bucket, plan: Plan) -> None:
    bucket.put_batch(old, **LOADED["archived"])

    assert "clear archive_files" in is_refused(bucket, plan, old)


def test_a_batch_that_is_not_open_is_refused_by_the_open_one_s_name(
    old: str, bucket: Bucket, plan: Plan
) -> None:
    refusal = is_refused(bucket, plan, "0123456789abcdef")

    assert f"0123456789abcdef is not the open one, batch {old} is" in refusal


def test_without_an_open_batch_it_is_refused(bucket: Bucket, plan: Plan) -> None:
    assert "none is" in is_refused(bucket, plan, "0123456789abcdef")


def hold_lease(bucket: Bucket, batch_id: str, job: str | None, holder: str) -> None:
    bucket.put_record("_lease.json", {"batch_id": batch_id, "job": job, "holder": holder})


@pytest.mark.parametrize("job", [None, "Delta-lake-job"], ids=["by hand", "unknown to Glue"])
def test_a_writer_of_which_nobody_knows_the_end_is_waited_for(
    job: str | None, old: str, bucket: Bucket, plan: Plan
) -> None:
    hold_lease(bucket, old, job, "somebody")

    refusal = is_refused(bucket, plan, old)

    assert f"somebody may be working on batch {old}. Wait for it or stop it" in refusal
    assert f"delete s3://{bucket.name}/batches/_lease.json" in refusal


def test_a_glue_run_on_the_batch_is_waited_for_until_it_has_ended(
    old: str, bucket: Bucket, plan: Plan, new_job: NewJob
) -> None:
    job = new_job("import time; time.sleep(60)")
    run_id = job.start()
    hold_lease(bucket, old, job.name, run_id)
    assert f"{run_id} may be working" in is_refused(bucket, plan, old)

    job.stop_all()

    with pytest.raises(AirflowSkipException):
        plan("run_2", set_aside=old)


def test_a_glue_run_on_another_batch_holds_nothing_up(
    old: str, more: None, bucket: Bucket, plan: Plan
) -> None:
    hold_lease(bucket, "b2", None, "somebody")

    assert plan("run_2", set_aside=old) != old


@pytest.mark.parametrize("value", [None, "0123456789abcdef"])
def test_the_form_takes_a_batch_id_or_nothing(value: str | None) -> None:
    assert validated(value) == value


@pytest.mark.parametrize("value", ["", "0123456789ABCDEF", "../0123456789abcdef", "b1"])
def test_the_form_refuses_what_is_no_batch_id(value: str) -> None:
    with pytest.raises(ParamValidationError):
        validated(value)


def validated(value: Any) -> Any:
    params = ParamsDict({"set_aside": set_aside_param()})
    params.update({"set_aside": value})
    return params.validate()["set_aside"]
