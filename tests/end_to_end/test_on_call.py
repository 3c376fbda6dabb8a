"""What the on-call engineer meets at night, through the real DAG; and that no click is wrong."""

import json
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_aws.provision import provision
from local_stack.paths import ROOT
from local_stack.stack_state import Stack
from tests.end_to_end.pipeline import Pipeline, States

pytestmark = pytest.mark.long

CHECKS = "glue_assets/orders.soda.yml"
RULE = """
  - orders_of_others = 0:
      name: orders are of user 1 alone
      attributes: {severity: fail, weight: 1, failing_rows: user_id <> 1}
      orders_of_others expression: count(case when user_id <> 1 then 1 end)
"""
ORDERS = "order_num,order_id,user_id,order_timestamp,total_amount,date\n"
QUALITY = "orders-lakehouse-data-quality"
FAILURES = "orders-lakehouse-job-failures"
DELAYS = "orders-lakehouse-processing-delays"
PUBLISHED = "orders-lakehouse-published"


@pytest.fixture(autouse=True)
def quiet(pipeline: Pipeline, first_run: States) -> None:
    """Have the first batch published, and its messages out of the inbox."""
    pipeline.alerts()


@pytest.fixture
def bad_rule(pipeline: Pipeline) -> Iterator[Callable[[], None]]:
    """Deploy a rule that every order breaks; return what takes it back."""
    s3, bucket = boto3.client("s3"), pipeline.deployment.bucket
    good = s3.get_object(Bucket=bucket, Key=CHECKS)["Body"].read()
    s3.put_object(Bucket=bucket, Key=CHECKS, Body=good + RULE.encode())

    def mend() -> None:
        s3.put_object(Bucket=bucket, Key=CHECKS, Body=good)

    yield mend
    mend()


@pytest.fixture
def deliver(pipeline: Pipeline, tmp_path: Path) -> Callable[..., None]:
    """Return what delivers a file with one sound order of user 5 and one reject."""

    def deliver(order_id: int, date: str = "2025-05-06") -> None:
        path = tmp_path / "orders" / f"{order_id}.csv"
        path.parent.mkdir(exist_ok=True)
        sound = f"1,{order_id},5,2025-05-06T08:00:00,10.00,{date}\n"
        path.write_text(f"{ORDERS}{sound * 20}x,{order_id},5,2025-05-06T08:00:00,1.00,2025-05-06\n")
        pipeline.deliver(path)

    return deliver


def topics(pipeline: Pipeline) -> list[str]:
    return sorted(alert.topic for alert in pipeline.alerts())


def orders_with(pipeline: Pipeline, order_id: int) -> list[list[str | None]]:
    return pipeline.query(f"select count(*) as n from orders where order_id = {order_id}")


def rows_of_tables(pipeline: Pipeline) -> dict[str, list[str]]:
    """Return the rows of all tables, as texts in order."""
    tables = {name: pipeline.table(name).to_pyarrow_table() for name in pipeline.versions()}
    return {name: sorted(map(str, table.to_pylist())) for name, table in tables.items()}


def ended(states: States, *tasks: str) -> list[str | None]:
    return [states[task] for task in ("run", *tasks)]


def test_a_bad_rule_is_undone_on_all_tables_then_mended_and_loaded(
    pipeline: Pipeline, deliver: Callable[[int], None], bad_rule: Callable[[], None]
) -> None:
    before = rows_of_tables(pipeline)
    deliver(810001)
    states = pipeline.finish(pipeline.start("test_bad_rule"))
    assert ended(states, "quality_gate", "undo_batch") == ["failed", "failed", "success"]
    assert rows_of_tables(pipeline) == before
    batch = pipeline.batch_of("test_bad_rule")
    failing = f"select \"row\"['order_id'] as id from batch_failing_rows where batch_id = '{batch}'"
    assert pipeline.query(failing) == [["810001"]]
    rejects = (
        f"select count(*) as n from batch_rejects where batch_id = '{batch}' "
        "and source_file = 'raw/orders/810001.csv'"
    )
    assert pipeline.query(rejects) == [["1"]]
    history = f"select max(attempt) as n from quality_results where batch_id = '{batch}'"
    assert pipeline.query(history) == [["1"]]
    assert topics(pipeline) == [QUALITY]
    bad_rule()
    pipeline.clear("test_bad_rule", "load_delta")
    pipeline.succeed("test_bad_rule")
    assert orders_with(pipeline, 810001) == [["1"]]
    assert pipeline.query(history) == [["2"]]
    assert topics(pipeline) == [QUALITY, PUBLISHED]


def test_a_batch_under_the_score_that_a_run_asks_for_is_taken_back_and_loaded_by_the_next(
    pipeline: Pipeline, deliver: Callable[..., None]
) -> None:
    before = rows_of_tables(pipeline)
    deliver(810010, date="1999-01-01")
    states = pipeline.finish(pipeline.start("test_gate", min_quality_score=100))
    assert ended(states, "quality_gate", "undo_batch", "archive_files") == [
        "failed", "failed", "success", "upstream_failed",
    ]  # fmt: skip
    assert rows_of_tables(pipeline) == before
    assert pipeline.keys("raw/orders/") == ["raw/orders/810010.csv"]
    assert topics(pipeline) == [QUALITY]
    pipeline.succeed(pipeline.start("test_after_gate"))
    assert pipeline.batch_of("test_after_gate") == pipeline.batch_of("test_gate")
    assert orders_with(pipeline, 810010) == [["1"]]


def test_an_undo_is_refused_because_of_a_commit_of_others(
    pipeline: Pipeline, deliver: Callable[[int], None], bad_rule: Callable[[], None]
) -> None:
    deliver(810002)
    kept = pipeline.finish(pipeline.start("test_keep", on_failing_verdict="keep"))
    assert ended(kept, "quality_gate", "undo_batch") == ["failed", "failed", "skipped"]
    assert orders_with(pipeline, 810002) == [["1"]]
    pipeline.table("orders").alter.set_table_properties({"delta.appendOnly": "false"})
    states = pipeline.finish(pipeline.start("test_refused", on_failing_verdict="undo"))
    assert ended(states, "quality_gate", "undo_batch") == ["failed", "failed", "failed"]
    assert "going back to version" in pipeline.log("test_refused", "undo_batch")
    assert orders_with(pipeline, 810002) == [["1"]]
    bad_rule()
    pipeline.clear("test_refused", "check_quality")
    pipeline.succeed("test_refused")


def test_a_batch_that_cannot_be_mended_is_set_aside(
    pipeline: Pipeline, deliver: Callable[[int], None], bad_rule: Callable[[], None]
) -> None:
    deliver(810003)
    pipeline.finish(pipeline.start("test_hopeless"))
    batch = pipeline.batch_of("test_hopeless")
    pipeline.alerts()
    states = pipeline.finish(pipeline.start("test_aside", set_aside=batch))
    assert states["run"] == "success"
    assert states["load_delta"] == "skipped"
    assert pipeline.keys("raw/") == []
    assert pipeline.keys("archive/set_aside/") == [f"archive/set_aside/{batch}/orders/810003.csv"]
    assert orders_with(pipeline, 810003) == [["0"]]
    bad_rule()
    deliver(810004)
    pipeline.succeed(pipeline.start("test_after_aside"))
    assert orders_with(pipeline, 810004) == [["1"]]
    assert topics(pipeline) == [QUALITY, PUBLISHED]


def test_a_failing_crawler_alerts_once_over_its_tries_and_recovers_once(
    pipeline: Pipeline, deliver: Callable[[int], None], stack: Stack
) -> None:
    glue, name = boto3.client("glue"), "delta_crawler"
    glue.delete_crawler(Name=name)
    deliver(810005)
    states = pipeline.finish(pipeline.start("test_crawler"))
    assert ended(states, "run_crawler", "archive_files") == ["failed", "failed", "upstream_failed"]
    assert pipeline.tasks("test_crawler")["run_crawler"]["try_number"] == 3
    [alert] = pipeline.wait(pipeline.alerts)
    assert alert.topic == FAILURES
    for told in (
        "run_crawler",
        pipeline.batch_of("test_crawler"),
        "clearTaskInstances",
        "runbook",
    ):
        assert told in alert.message
    provision(ROOT, stack.endpoint)
    pipeline.clear("test_crawler", "run_crawler")
    pipeline.succeed("test_crawler")
    assert topics(pipeline) == [FAILURES, PUBLISHED]


def test_a_refused_batch_alerts_at_once_and_is_let_pass_by_a_person(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    path = tmp_path / "orders" / "refused.csv"
    path.parent.mkdir()
    path.write_text(f"{ORDERS}1,810009,5,yesterday evening,10.00,2025-05-06\n")
    pipeline.deliver(path)
    states = pipeline.finish(pipeline.start("test_refused_batch"))
    assert ended(states, "load_delta", "publish_metrics") == ["failed", "failed", "success"]
    assert pipeline.tasks("test_refused_batch")["load_delta"]["try_number"] == 1
    [alert] = pipeline.wait(pipeline.alerts)
    assert alert.topic == FAILURES
    assert "/tasks/plan_batch >" in alert.message
    pipeline.succeed(pipeline.start("test_let_pass", max_reject_share=1))
    assert topics(pipeline) == [FAILURES, PUBLISHED]


def test_a_slow_job_trips_the_deadline_once_while_it_is_going(
    pipeline: Pipeline, deliver: Callable[[int], None]
) -> None:
    deliver(810006)
    pipeline.start("test_slow", late_after_minutes=0.2)
    glue_run = pipeline.running_load()
    pipeline.send_signal(glue_run, signal.SIGSTOP)
    try:
        [alert] = pipeline.wait(pipeline.alerts)
        assert pipeline.api.run_state("orders_lakehouse", "test_slow") == "running"
    finally:
        pipeline.send_signal(glue_run, signal.SIGCONT)
    assert alert.topic == DELAYS
    assert "test_slow" in alert.text
    pipeline.succeed("test_slow")
    assert topics(pipeline) == [DELAYS, PUBLISHED]


def test_a_run_that_takes_longer_than_it_may_alerts_once_and_its_rerun_recovers(
    pipeline: Pipeline, deliver: Callable[[int], None], stack: Stack
) -> None:
    deliver(810008)
    glue_run = pipeline.watched_load(pipeline.start("test_too_long"))
    pipeline.send_signal(glue_run, signal.SIGSTOP)
    pipeline.age(stack.folder, "test_too_long", by=timedelta(days=2))
    states = pipeline.finish("test_too_long")
    assert ended(states, "load_delta", "archive_files") == ["failed", "skipped", "skipped"]
    [alert] = pipeline.wait(pipeline.alerts)
    assert alert.topic == FAILURES
    for told in ("took longer than it may", "test_too_long", "load_delta", "#dag-time-out"):
        assert told in alert.message
    pipeline.wait(lambda: pipeline.states_of_loads()[glue_run] == "STOPPED")
    pipeline.clear("test_too_long", "load_delta")
    pipeline.succeed("test_too_long")
    assert orders_with(pipeline, 810008) == [["1"]]
    assert topics(pipeline) == [FAILURES, PUBLISHED]


def test_clearing_each_task_after_the_end_changes_nothing_and_sends_nothing_twice(
    pipeline: Pipeline, deliver: Callable[[int], None]
) -> None:
    deliver(810007)
    run_id = pipeline.start("test_cleared")
    pipeline.succeed(run_id)
    assert topics(pipeline) == [PUBLISHED]
    versions, records = pipeline.versions(), batch_objects(pipeline, run_id)
    for task in pipeline.tasks(run_id):
        pipeline.clear(run_id, task, downstream=False)
        states = pipeline.finish(run_id)
        assert states["run"] == "success", task
        assert pipeline.versions() == versions, task
        assert batch_objects(pipeline, run_id) == records, task
    assert pipeline.alerts() == []


def batch_objects(pipeline: Pipeline, run_id: str) -> dict[str, Any]:
    """Return the records of the run's batch."""
    batch = pipeline.batch_of(run_id)
    names = [key for key in pipeline.keys(f"batches/{batch}/") if key.endswith(".json")]
    s3, bucket = boto3.client("s3"), pipeline.deployment.bucket
    return {
        name: json.loads(s3.get_object(Bucket=bucket, Key=name)["Body"].read()) for name in names
    }
