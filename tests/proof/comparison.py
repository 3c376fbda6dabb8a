"""The job and the oracle side by side: the same batches for both, and all they leave compared."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pyspark.sql import SparkSession

from tests.proof.lake import EndState, Lake
from tests.proof.oracle import Oracle
from tests.proof.oracle_rows import Batch, File, Reject
from tests.proof.oracle_rules import COLUMNS, columns_of_table
from tests.proof.random_deliveries import Plan

Rows = list[tuple[tuple[str, str], ...]]


def load_all(
    spark: SparkSession, lake: Lake, oracle: Oracle, batches: Sequence[Plan], name: str
) -> None:
    """Let both load the batches, and compare after each."""
    for number, batch in enumerate(batches):
        for each in batch.deliveries:
            lake.deliver(each.dataset, each.name, each.text, each.delivered_at, each.reasons)
        batch_id = lake.plan(f"{name}{number}", batch.planned_at)
        if batch.is_undone:
            load_and_undo(spark, lake, oracle, batch_id)
        load_one(spark, lake, oracle, batch_id)


def load_one(spark: SparkSession, lake: Lake, oracle: Oracle, batch_id: str) -> None:
    """Let both load a planned batch, and compare ledgers, tables and rejects."""
    expected = oracle.load(planned_batch(lake, batch_id))
    assert lake.load(spark, batch_id) == expected
    assert_as_the_oracle_says(lake.end_state(), oracle)


def load_and_undo(spark: SparkSession, lake: Lake, oracle: Oracle, batch_id: str) -> None:
    """Let both load a planned batch and take it back, and compare what is left."""
    before = deepcopy(oracle)
    load_one(spark, lake, oracle, batch_id)
    lake.undo(spark, batch_id)
    oracle.undo(before)
    assert_as_the_oracle_says(lake.end_state(), oracle)


def planned_batch(lake: Lake, batch_id: str) -> Batch:
    """Return what the oracle is told of a planned batch."""
    manifest = lake.records(batch_id).read("manifest.json") or {}
    files = tuple(_file(lake, each) for each in manifest["files"])
    return Batch(batch_id, datetime.fromisoformat(manifest["planned_at"]), files)


def _file(lake: Lake, planned: dict[str, Any]) -> File:
    return File(
        dataset=planned["dataset"],
        key=planned["key"],
        etag=planned["etag"],
        delivered_at=datetime.fromisoformat(planned["delivered_at"]),
        text=(lake.storage.read(planned["key"]) or b"").decode(),
        columns=tuple(planned["columns"]),
        reasons=tuple(planned["header"]["reasons"]),
    )


def assert_as_the_oracle_says(state: EndState, oracle: Oracle) -> None:
    """Compare all tables, row for row and value for value, and their versions."""
    for dataset in COLUMNS:
        assert plain_rows(state[dataset][1]) == plain_rows(table_rows(oracle, dataset)), dataset
    found = [dict(row) for row in state["rejected"][1]]
    ids = [row.pop("reject_id") for row in found]
    assert len(set(ids)) == len(ids)
    assert plain_rows(found) == plain_rows([reject_row(each) for each in oracle.rejects.values()])
    # Beside its tables a state can have ledgers, which are no pairs of a version and rows.
    versions = {name: each[0] for name, each in state.items() if isinstance(each, tuple)}
    assert versions == oracle.versions


def table_rows(oracle: Oracle, dataset: str) -> list[dict[str, Any]]:
    """Return what the oracle's table would be read as."""
    return [
        {
            **dict(zip(columns_of_table(dataset), row.values, strict=True)),
            "_batch_id": row.batch_id,
            "_source_file": row.source_file,
            "_delivered_at": row.delivered_at,
        }
        for row in oracle.tables[dataset].values()
    ]


def reject_row(reject: Reject) -> dict[str, Any]:
    """Return what the reject would be read as, but for its id."""
    return {**vars(reject), "source_version": "null", "contract_version": "1.0.0"}


def plain_rows(rows: Sequence[dict[str, Any]]) -> Rows:
    """Return the rows as sorted texts, which show where they differ."""
    return sorted(tuple(sorted((name, plain(row[name])) for name in row)) for row in rows)


def plain(value: Any) -> str:
    """Return a value as a text that is the same for all that is equal."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, dict) or (isinstance(value, list) and value and value[0] != str(value[0])):
        return str(sorted(dict(value).items()))
    return str(value)
