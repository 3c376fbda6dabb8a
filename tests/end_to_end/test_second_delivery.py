"""The sample again, with one new order: its load cleared, stopped by a person, and mended."""

from pathlib import Path

import boto3
import pytest

from tests.end_to_end.pipeline import Pipeline, States

pytestmark = pytest.mark.long

NEXT = "test_next"
LATE_ORDER = 700001


@pytest.fixture(scope="module")
def versions_before(pipeline: Pipeline, first_run: States) -> dict[str, int]:
    return pipeline.versions()


@pytest.fixture(scope="module")
def delivered(
    pipeline: Pipeline,
    versions_before: dict[str, int],
    sample: list[Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Have the sample delivered again, and an order that is new."""
    pipeline.alerts()
    late = tmp_path_factory.mktemp("late") / "orders" / f"{LATE_ORDER}.csv"
    late.parent.mkdir()
    late.write_text(
        "order_num,order_id,user_id,order_timestamp,total_amount,date\n"
        f"1,{LATE_ORDER},5,2025-04-06T08:00:00,10.00,1999-01-01\n"
    )
    pipeline.deliver(*sample, late)


def late_order_is_there(pipeline: Pipeline) -> bool:
    table = pipeline.table("orders").to_pyarrow_dataset().to_table(columns=["order_id"])
    return LATE_ORDER in table["order_id"].to_pylist()


def test_clearing_the_running_load_of_the_next_run_stops_its_glue_run_and_starts_another(
    pipeline: Pipeline, delivered: None
) -> None:
    first = pipeline.watched_load(pipeline.start(NEXT))
    pipeline.clear(NEXT, "load_delta")
    second = pipeline.running_load(besides=first)
    states = pipeline.states_of_loads()
    assert (states[first], states[second]) == ("STOPPED", "RUNNING")
    assert pipeline.alerts() == []


def test_a_stop_by_hand_fails_the_task_at_once_with_one_message(
    pipeline: Pipeline, delivered: None
) -> None:
    run_id = pipeline.running_load()
    stop = boto3.client("glue").batch_stop_job_run(JobName="Delta-lake-job", JobRunIds=[run_id])
    assert [each["JobRunId"] for each in stop["SuccessfulSubmissions"]] == [run_id]
    assert pipeline.finish(NEXT)["load_delta"] == "failed"
    assert f"a person stopped Glue run {run_id}" in pipeline.log(NEXT, "load_delta")
    alerts = pipeline.wait(pipeline.alerts)
    assert [alert.topic for alert in alerts] == ["orders-lakehouse-job-failures"]
    assert run_id in alerts[0].message


def test_clearing_the_failed_task_completes_the_run(pipeline: Pipeline, delivered: None) -> None:
    pipeline.clear(NEXT, "load_delta")
    pipeline.succeed(NEXT)
    assert late_order_is_there(pipeline) is True
    assert pipeline.keys("raw/") == []


def test_the_same_files_again_changed_no_table(
    pipeline: Pipeline, delivered: None, versions_before: dict[str, int]
) -> None:
    batch = pipeline.batch_of(NEXT)
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


def test_a_run_without_files_is_all_skips_and_a_success(
    pipeline: Pipeline, delivered: None
) -> None:
    """On a real scheduler, because ``dag.test`` knows no time-out of a trigger."""
    pipeline.alerts()
    states = pipeline.finish(pipeline.start("test_empty"))
    assert states.pop("run") == "success"
    assert set(states.values()) == {"skipped"}
    assert pipeline.alerts() == []
