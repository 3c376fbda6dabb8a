"""The sample through the real DAG, its load killed midway, against an independent computation."""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest

from local_stack.paths import ROOT
from tests.end_to_end.oracle import COLUMNS, KEYS, Expected
from tests.end_to_end.pipeline import FIRST, Pipeline, States


def rows_by_key(table: pa.Table, dataset: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    rows = table.to_pylist()
    by_key = {tuple(row[column] for column in KEYS[dataset]): row for row in rows}
    assert len(by_key) == len(rows), f"{dataset} holds a key twice"
    return by_key


def test_every_task_is_green_but_the_undo_which_is_skipped(first_run: States) -> None:
    assert {task for task, state in first_run.items() if state == "skipped"} == {"undo_batch"}
    assert set(first_run.values()) == {"success", "skipped"}


def test_the_killed_glue_run_cost_one_try(pipeline: Pipeline, first_run: States) -> None:
    runs = pipeline.loads()
    assert [run["JobRunState"] for run in runs] == ["SUCCEEDED", "FAILED"]
    assert "SIGKILL" in runs[1]["ErrorMessage"]
    assert pipeline.tasks(FIRST)["load_delta"]["try_number"] == 2


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
        is_rejected = of == dataset and category != "referential_integrity"
        categories[category] += count if is_rejected else 0
    assert outcomes == {k: v for k, v in expected.outcomes[dataset].items() if v}
    assert counts["read"] == expected.read[dataset] == sum(outcomes.values())
    assert counts["files_rejected"] == expected.files_rejected[dataset]
    assert {k: v for k, v in counts["rejects"].items() if v} == +categories
    parked = expected.outcomes[dataset]["parked"]
    assert (counts["parked"]["newly_parked"], counts["parked"]["after"]) == (parked, parked)


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


def test_the_batch_is_marked_as_published_and_shows_in_full(
    pipeline: Pipeline, batch_id: str, ledger: dict[str, Any]
) -> None:
    mark = pipeline.required_record(f"{batch_id}/published.json")
    versions = {name: counts["new_version"] for name, counts in ledger["datasets"].items()}
    assert mark["versions"].items() >= versions.items()
    for dataset, counts in ledger["datasets"].items():
        sql = (ROOT / f"include/sql/published_{dataset}.sql").read_text()
        rows = pipeline.query(f"select count(*) as n from (\n{sql}\n) as published")
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


def test_one_message_tells_of_the_published_batch_and_none_of_a_failure(
    pipeline: Pipeline, batch_id: str
) -> None:
    alerts = pipeline.alerts()
    assert [alert.topic for alert in alerts] == ["orders-lakehouse-published"]
    assert batch_id in alerts[0].subject
