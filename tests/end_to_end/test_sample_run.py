"""The sample through the real DAG, compared with an independent computation."""

import csv
import os
import signal
import subprocess
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest

from local_stack.sample import write_sample
from tests.end_to_end.oracle import COLUMNS, KEYS, Expected, expect
from tests.end_to_end.pipeline import Pipeline

FIRST = "test_first"
LATE_ORDER = 700001


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def expected(sample: list[Path]) -> Expected:
    return expect(sample[0].parents[1])


@pytest.fixture(scope="module")
def first_run(pipeline: Pipeline, sample: list[Path]) -> dict[str, str | None]:
    pipeline.deliver(*sample)
    return pipeline.finish(pipeline.start(FIRST))


@pytest.fixture(scope="module")
def batch_id(pipeline: Pipeline, first_run: dict[str, str | None]) -> str:
    return pipeline.batch_of(FIRST)


@pytest.fixture(scope="module")
def ledger(pipeline: Pipeline, batch_id: str) -> dict[str, Any]:
    record = pipeline.record(f"{batch_id}/load.json")
    assert record is not None
    return record


def rows_by_key(table: pa.Table, dataset: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = table.to_pylist()
    by_key = {tuple(row[column] for column in KEYS[dataset]): row for row in rows}
    assert len(by_key) == len(rows), f"{dataset} holds a key twice"
    return by_key


def test_every_task_is_green_but_the_undo_which_is_skipped(
    first_run: dict[str, str | None],
) -> None:
    assert first_run.pop("undo_batch") == "skipped"
    assert set(first_run.values()) == {"success"}


@pytest.mark.parametrize("dataset", ["products", "orders", "order_items"])
def test_tables_hold_exactly_the_expected_rows(
    pipeline: Pipeline, batch_id: str, expected: Expected, dataset: str
) -> None:
    table = pipeline.table(dataset).to_pyarrow_dataset().to_table()
    derived = [] if dataset == "products" else ["order_date"]
    columns = [*COLUMNS[dataset], *derived]
    assert rows_by_key(table.select(columns), dataset) == expected.tables[dataset]
    assert set(table["_batch_id"].to_pylist()) == {batch_id}


def test_rejects_have_the_expected_categories_and_reasons(
    pipeline: Pipeline, batch_id: str, expected: Expected
) -> None:
    rows = pipeline.table("rejected").to_pyarrow_dataset().to_table().to_pylist()
    found = Counter(
        (
            row["dataset"],
            Path(row["source_file"]).name,
            row["category"],
            tuple(sorted(row["reasons"])),
        )
        for row in rows
    )
    assert found == expected.rejects
    assert len({row["reject_id"] for row in rows}) == len(rows)


def test_rejects_keep_the_record_as_it_came(
    pipeline: Pipeline, batch_id: str, sample: list[Path]
) -> None:
    texts = {f"raw/{path.parent.name}/{path.name}": path.read_text("utf-8-sig") for path in sample}
    for row in pipeline.table("rejected").to_pyarrow_dataset().to_table().to_pylist():
        text = texts[row["source_file"]]
        record = {name: value or "" for name, value in row["raw_record"] or []}
        if "_record" in record:
            assert record["_record"] in text.splitlines()
        elif record:
            assert record in list(csv.DictReader(text.splitlines()))


@pytest.mark.parametrize("dataset", ["products", "orders", "order_items"])
def test_ledger_counts_what_was_expected(
    ledger: dict[str, Any], expected: Expected, dataset: str
) -> None:
    counts = ledger["datasets"][dataset]
    outcomes = {name: count for name, count in counts["outcomes"].items() if count}
    categories: Counter[str] = Counter()
    for (of, _, category, _), count in expected.rejects.items():
        categories[category] += count if of == dataset else 0
    assert outcomes == {k: v for k, v in expected.outcomes[dataset].items() if v}
    assert counts["read"] == expected.read[dataset] == sum(outcomes.values())
    assert counts["files_rejected"] == expected.files_rejected[dataset]
    assert {k: v for k, v in counts["rejects"].items() if v} == +categories


def test_files_are_archived_byte_for_byte_and_raw_is_empty(
    pipeline: Pipeline, batch_id: str, sample: list[Path]
) -> None:
    s3, bucket = boto3.client("s3"), pipeline.deployment.bucket
    archived = pipeline.record(f"{batch_id}/archived.json")
    assert archived is not None
    found = {
        file["key"]: s3.get_object(Bucket=bucket, Key=file["archive_key"])["Body"].read()
        for file in archived["files"]
    }
    assert found == {f"raw/{p.parent.name}/{p.name}": p.read_bytes() for p in sample}
    assert pipeline.keys("raw/") == []


def test_athena_answers_what_the_ledger_says(pipeline: Pipeline, ledger: dict[str, Any]) -> None:
    for dataset, counts in ledger["datasets"].items():
        rows = pipeline.query(f"select count(*) as n from {dataset}")
        assert rows == [[str(counts["outcomes"]["inserted"])]]


def test_athena_shows_the_rejects_by_reason(
    pipeline: Pipeline, batch_id: str, expected: Expected
) -> None:
    rows = pipeline.query(
        "select dataset, category, reason, count(*) as n from rejected "
        "cross join unnest(reasons) as t(reason) group by 1, 2, 3"
    )
    wanted: Counter[tuple[str, str, str]] = Counter()
    for (dataset, _, category, reasons), count in expected.rejects.items():
        for reason in reasons:
            wanted[dataset, category, reason] += count
    assert {(str(d), str(c), str(r)): int(str(n)) for d, c, r, n in rows} == dict(wanted)


def test_metrics_equal_the_ledger(
    pipeline: Pipeline, ledger: dict[str, Any], batch_id: str
) -> None:
    cloudwatch, now = boto3.client("cloudwatch"), datetime.now(UTC)
    for dataset, counts in ledger["datasets"].items():
        for outcome, count in counts["outcomes"].items():
            points = cloudwatch.get_metric_statistics(
                Namespace="OrdersLakehouse",
                MetricName="RecordsProcessed",
                Dimensions=[
                    {"Name": "Dataset", "Value": dataset},
                    {"Name": "Outcome", "Value": outcome},
                ],
                StartTime=now - timedelta(hours=1),
                EndTime=now + timedelta(hours=1),
                Period=7200,
                Statistics=["Sum"],
            )["Datapoints"]
            assert sum(point["Sum"] for point in points) == count


def test_one_message_tells_of_the_published_batch(pipeline: Pipeline, batch_id: str) -> None:
    alerts = pipeline.alerts()
    assert [alert.topic for alert in alerts] == ["orders-lakehouse-published"]
    assert batch_id in alerts[0].subject


def test_the_same_files_again_change_no_table_though_their_glue_run_is_killed(
    pipeline: Pipeline, first_run: dict[str, str | None], sample: list[Path]
) -> None:
    pipeline.alerts()
    before = pipeline.versions()
    known = {run["Id"] for run in pipeline.glue_runs("Delta-lake-job")}
    pipeline.deliver(*sample)
    pipeline.start("test_killed")
    kill_glue_run(pipeline.running_glue_run("Delta-lake-job", besides=known)["Id"])
    states = pipeline.finish("test_killed")
    assert states["run"] == "success"
    assert pipeline.tasks("test_killed")["load_delta"]["try_number"] == 2
    assert pipeline.versions() == before
    assert [alert.topic for alert in pipeline.alerts()] == ["orders-lakehouse-published"]


@pytest.fixture(scope="module")
def turned_away(
    pipeline: Pipeline, first_run: dict[str, str | None], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str | None]:
    """A batch of one order, of which the gate wants more than it has."""
    pipeline.alerts()
    pipeline.deliver(one_order(tmp_path_factory.mktemp("late"), LATE_ORDER, date="1999-01-01"))
    return pipeline.finish(pipeline.start("test_gate", min_quality_score=100))


def test_a_batch_that_the_gate_turns_away_is_taken_back_with_one_message(
    pipeline: Pipeline, turned_away: dict[str, str | None]
) -> None:
    tasks = ["run", "quality_gate", "undo_batch", "archive_files"]
    states = ["failed", "failed", "success", "upstream_failed"]
    assert [turned_away[task] for task in tasks] == states
    assert order_is_there(pipeline, LATE_ORDER) is False
    assert pipeline.keys("raw/orders/") == [f"raw/orders/{LATE_ORDER}.csv"]
    alerts = pipeline.wait(pipeline.alerts)
    assert [alert.topic for alert in alerts] == ["orders-lakehouse-data-quality"]


def test_the_next_run_takes_it_up_and_a_stop_by_hand_is_mended_by_clearing_the_task(
    pipeline: Pipeline, turned_away: dict[str, str | None]
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
    assert order_is_there(pipeline, LATE_ORDER) is True
    assert pipeline.batch_of("test_stopped") == pipeline.batch_of("test_gate")
    assert pipeline.keys("raw/") == []


def order_is_there(pipeline: Pipeline, order_id: int) -> bool:
    table = pipeline.table("orders").to_pyarrow_dataset().to_table(columns=["order_id"])
    return order_id in table["order_id"].to_pylist()


def one_order(folder: Path, order_id: int, date: str) -> Path:
    path = folder / "orders" / f"{order_id}.csv"
    path.parent.mkdir()
    path.write_text(
        "order_num,order_id,user_id,order_timestamp,total_amount,date\n"
        f"1,{order_id},5,2025-04-06T08:00:00,10.00,{date}\n"
    )
    return path


def kill_glue_run(run_id: str) -> None:
    """End the run's processes with SIGKILL, found by the run id among their arguments."""
    found = subprocess.run(["pgrep", "-f", run_id], capture_output=True, text=True, check=True)
    for pid in found.stdout.split():
        os.kill(int(pid), signal.SIGKILL)
