"""The sample again, with one order that the gate does not like: taken back, stopped, mended."""

from pathlib import Path

import boto3
import pytest

from tests.end_to_end.pipeline import Pipeline, States

LATE_ORDER = 700001
LATE_FILE = f"raw/orders/{LATE_ORDER}.csv"


@pytest.fixture(scope="module")
def versions_before(pipeline: Pipeline, first_run: States) -> dict[str, int]:
    return pipeline.versions()


@pytest.fixture(scope="module")
def turned_away(
    pipeline: Pipeline,
    versions_before: dict[str, int],
    sample: list[Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> States:
    """The run of the second delivery, of which the gate wants more than it has."""
    pipeline.alerts()
    late = tmp_path_factory.mktemp("late") / "orders" / f"{LATE_ORDER}.csv"
    late.parent.mkdir()
    late.write_text(
        "order_num,order_id,user_id,order_timestamp,total_amount,date\n"
        f"1,{LATE_ORDER},5,2025-04-06T08:00:00,10.00,1999-01-01\n"
    )
    pipeline.deliver(*sample, late)
    return pipeline.finish(pipeline.start("test_gate", min_quality_score=100))


def late_order_is_there(pipeline: Pipeline) -> bool:
    table = pipeline.table("orders").to_pyarrow_dataset().to_table(columns=["order_id"])
    return LATE_ORDER in table["order_id"].to_pylist()


def test_a_batch_that_the_gate_turns_away_is_taken_back_with_one_message(
    pipeline: Pipeline, turned_away: States
) -> None:
    tasks = ["run", "quality_gate", "undo_batch", "archive_files"]
    states = ["failed", "failed", "success", "upstream_failed"]
    assert [turned_away[task] for task in tasks] == states
    assert late_order_is_there(pipeline) is False
    assert LATE_FILE in pipeline.keys("raw/")
    alerts = pipeline.wait(pipeline.alerts)
    assert [alert.topic for alert in alerts] == ["orders-lakehouse-data-quality"]


def test_the_next_run_takes_it_up_and_a_stop_by_hand_is_mended_by_clearing_the_task(
    pipeline: Pipeline, turned_away: States
) -> None:
    known = {run["Id"] for run in pipeline.glue_runs("Delta-lake-job")}
    pipeline.start("test_stopped")
    run = pipeline.running_glue_run("Delta-lake-job", besides=known)
    boto3.client("glue").batch_stop_job_run(JobName="Delta-lake-job", JobRunIds=[run["Id"]])
    assert pipeline.finish("test_stopped")["load_delta"] == "failed"
    assert pipeline.tasks("test_stopped")["load_delta"]["try_number"] == 1
    assert f"a person stopped Glue run {run['Id']}" in pipeline.log("test_stopped", "load_delta")
    alerts = pipeline.wait(pipeline.alerts)
    assert [alert.topic for alert in alerts] == ["orders-lakehouse-job-failures"]
    assert run["Id"] in alerts[0].message

    pipeline.clear("test_stopped", "load_delta")
    assert pipeline.finish("test_stopped")["run"] == "success"
    assert late_order_is_there(pipeline) is True
    assert pipeline.batch_of("test_stopped") == pipeline.batch_of("test_gate")
    assert pipeline.keys("raw/") == []


def test_the_same_files_again_changed_no_table(
    pipeline: Pipeline, turned_away: States, versions_before: dict[str, int]
) -> None:
    batch = pipeline.batch_of("test_stopped")
    datasets = pipeline.required_record(f"{batch}/load.json")["datasets"]
    written = {
        dataset: counts["outcomes"]["inserted"] + counts["outcomes"]["updated"]
        for dataset, counts in datasets.items()
    }
    assert written == {"products": 0, "orders": 1, "order_items": 0}
    changed = {
        table for table, version in pipeline.versions().items() if version != versions_before[table]
    }
    assert changed == {"orders"}
