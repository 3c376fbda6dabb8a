"""The entrypoints' arguments, and the lease that the writing ones hold."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import delta_lake_job
import pytest
import quality_job
import undo_job
from lakehouse_spark.check import Scope
from lakehouse_spark.lease import LEASE, LeaseBusy

from local_stack.paths import CONTRACT
from tests.glue_scripts.folder_storage import FolderStorage
from tests.glue_scripts.lease_race import put_lease

GLUE = ["--JOB_NAME", "Delta-lake-job", "--airflow_task_uuid", "abc", "--enable-metrics", "true"]
BATCH = ["--bucket", "shop", "--batch_id", "b1"]
WRITERS = [
    (delta_lake_job, "load_batch"),
    (quality_job, "check_batch"),
    (undo_job, "undo_batch"),
]
Work = Callable[..., object]


def test_what_glue_adds_is_passed_over() -> None:
    args = delta_lake_job.parse_args([*GLUE, *BATCH])
    assert args == delta_lake_job.Args(
        bucket="shop",
        batch_id="b1",
        contract="orders_lakehouse.odcs.yaml",
        log_level="INFO",
        max_reject_share=None,
        fail_on_shrinkage=False,
        lease_wait_seconds=300,
        job_name="Delta-lake-job",
        glue_run_id=None,
    )


def test_the_load_takes_a_contract_limits_and_the_glue_run() -> None:
    own = ["--contract", "x.yaml", "--log_level", "DEBUG", "--max_reject_share", "0.25"]
    flags = ["--fail_on_shrinkage", "true", "--lease_wait_seconds", "0", "--JOB_RUN_ID", "jr_1"]
    args = delta_lake_job.parse_args([*BATCH, *own, *flags, *GLUE])
    assert args == delta_lake_job.Args(
        bucket="shop",
        batch_id="b1",
        contract="x.yaml",
        log_level="DEBUG",
        max_reject_share=0.25,
        fail_on_shrinkage=True,
        lease_wait_seconds=0,
        job_name="Delta-lake-job",
        glue_run_id="jr_1",
    )


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        *(("max_reject_share", text, "is not a share, from 0 to 1")
          for text in ("-0.1", "1.01", "5%", "nan", "inf", "")),
        *(("lease_wait_seconds", text, "is not a number of seconds, a day at most")
          for text in ("-1", "86401", "5m", "nan", "inf", "")),
        *(("fail_on_shrinkage", text, "is neither true nor false")
          for text in ("True", "yes", "1", "")),
    ],
)  # fmt: skip
def test_an_argument_of_the_wrong_kind_is_named(
    name: str, text: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        delta_lake_job.parse_args([*BATCH, f"--{name}", text])
    assert f"argument --{name}: {text!r} {message}" in capsys.readouterr().err


def test_the_undo_takes_bucket_batch_and_the_glue_run() -> None:
    args = undo_job.parse_args([*GLUE, *BATCH, "--JOB_RUN_ID", "jr_1"])
    assert args == undo_job.Args(
        bucket="shop",
        batch_id="b1",
        log_level="INFO",
        lease_wait_seconds=300,
        job_name="Delta-lake-job",
        glue_run_id="jr_1",
    )


def test_the_check_takes_bucket_batch_and_contract() -> None:
    args = quality_job.parse_args([*GLUE, "--batch_id", "b1", "--bucket", "shop"])
    assert args == quality_job.Args(
        bucket="shop",
        batch_id="b1",
        scope=Scope.BATCH,
        contract="orders_lakehouse.odcs.yaml",
        log_level="INFO",
        lease_wait_seconds=300,
        job_name="Delta-lake-job",
        glue_run_id=None,
    )
    whole = quality_job.parse_args([*GLUE, *BATCH, "--scope", "tables"])
    assert whole.scope == Scope.TABLES


@pytest.mark.parametrize("argv", [["--bucket", "shop"], ["--batch_id", "b1"], ["--buck", "shop"]])
def test_bucket_and_batch_are_needed(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        delta_lake_job.parse_args(argv)
    assert "required" in capsys.readouterr().err


def run_writer(job: ModuleType, work_name: str, work: Work, storage: FolderStorage) -> None:
    """Run a job as Glue does, with a bucket that is a folder and other work to do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(job, "S3Storage", lambda bucket: storage)
        patch.setattr(job, "get_session", lambda: None)
        patch.setattr(job, work_name, work)
        job.main([*BATCH, "--contract", str(CONTRACT), *GLUE, "--JOB_RUN_ID", "jr_1"])


@pytest.mark.parametrize(("job", "work"), WRITERS)
def test_a_writer_holds_the_lease_while_it_works(
    job: ModuleType, work: str, tmp_path: Path
) -> None:
    storage, seen = FolderStorage(tmp_path), list[bytes | None]()
    run_writer(job, work, lambda *_, **__: seen.append(storage.read(LEASE)), storage)
    record = json.loads(seen[0] or b"")
    assert (record["holder"], record["job"]) == ("jr_1", "Delta-lake-job")
    assert record["batch_id"] == "b1"
    assert storage.read(LEASE) is None


@pytest.mark.parametrize(("job", "work"), WRITERS)
def test_a_writer_does_nothing_while_another_holds_the_lease(
    job: ModuleType, work: str, tmp_path: Path
) -> None:
    storage = FolderStorage(tmp_path)
    put_lease(storage, "by hand: laptop 7", None)
    with pytest.raises(LeaseBusy):
        run_writer(job, work, lambda *_, **__: pytest.fail("worked"), storage)
