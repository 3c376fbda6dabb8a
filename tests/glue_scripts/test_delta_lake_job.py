"""The entrypoints' arguments."""

import delta_lake_job
import pytest
import quality_job
import undo_job

GLUE = ["--JOB_NAME", "Delta-lake-job", "--airflow_task_uuid", "abc", "--enable-metrics", "true"]


def test_what_glue_adds_is_passed_over() -> None:
    args = delta_lake_job.parse_args([*GLUE, "--bucket", "shop", "--batch_id", "b1"])
    assert args == delta_lake_job.Args("shop", "b1", "orders_lakehouse.odcs.yaml", "INFO", None)


def test_the_load_takes_a_contract_a_log_level_and_the_glue_run() -> None:
    own = ["--bucket", "shop", "--batch_id", "b1", "--contract", "x.yaml", "--log_level", "DEBUG"]
    args = delta_lake_job.parse_args([*own, "--JOB_RUN_ID", "jr_1", *GLUE])
    assert args == delta_lake_job.Args("shop", "b1", "x.yaml", "DEBUG", "jr_1")


def test_the_undo_takes_bucket_and_batch() -> None:
    args = undo_job.parse_args([*GLUE, "--batch_id", "b1", "--bucket", "shop"])
    assert args == undo_job.Args("shop", "b1", "INFO")


def test_the_check_takes_bucket_batch_and_contract() -> None:
    args = quality_job.parse_args([*GLUE, "--batch_id", "b1", "--bucket", "shop"])
    assert args == quality_job.Args("shop", "b1", "orders_lakehouse.odcs.yaml", "INFO")


@pytest.mark.parametrize("argv", [["--bucket", "shop"], ["--batch_id", "b1"], ["--buck", "shop"]])
def test_bucket_and_batch_are_needed(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        delta_lake_job.parse_args(argv)
    assert "required" in capsys.readouterr().err
