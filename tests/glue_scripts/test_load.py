"""A whole first load: what lies in the tables, the rejects and the records afterwards."""

import logging
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from delta.tables import DeltaTable
from lakehouse_spark import checking, recipe
from lakehouse_spark import load as load_module
from lakehouse_spark.batches import ManifestError
from lakehouse_spark.classification import classify_rows, known_rows
from lakehouse_spark.commits import commit_dataset
from lakehouse_spark.contract import Dataset
from lakehouse_spark.history import commits_above
from lakehouse_spark.ledger import LedgerError
from lakehouse_spark.planned import FileChangedError
from lakehouse_spark.tables import TableError, table_path
from pyspark.sql import DataFrame

from tests.glue_scripts.deliveries import (
    FIRST_COUNTS,
    FIRST_REJECTS,
    FIRST_TABLES,
    ORDERS,
    PRODUCTS,
)
from tests.glue_scripts.shop import Shop

SHOWN = ("inserted", "duplicate", "rejected", "parked")
TABLES = ["products", "orders", "order_items", "rejected"]


@pytest.mark.parametrize("table", FIRST_TABLES)
def test_the_good_rows_are_in_the_tables(first_load: Shop, table: str) -> None:
    columns = first_load.table(table).columns[:-3]
    assert first_load.rows(table, *columns) == FIRST_TABLES[table]


def test_a_row_says_which_batch_file_and_delivery_it_is_from(first_load: Shop) -> None:
    provenance = ("_batch_id", "_source_file", "_delivered_at")
    expected = ("first", "raw/orders/o.csv", datetime(2025, 5, 1, 9))
    assert set(first_load.rows("orders", *provenance)) == {expected}


def test_every_refused_record_has_its_category_and_reasons(first_load: Shop) -> None:
    found = [
        (row["dataset"], record_id(row.asDict()), row["category"], row["reasons"])
        for row in first_load.table("rejected").collect()
    ]
    assert sorted(found, key=str) == sorted(FIRST_REJECTS, key=str)


def record_id(row: dict[str, Any]) -> str | None:
    """Return what tells the record of a reject from others in `deliveries`."""
    record = row["raw_record"] or {}
    keys = {"products": "product_id", "orders": "order_id", "order_items": "id"}
    found: str | None = record.get(keys[row["dataset"]]) or record.get("order_num")
    return found


def test_the_ledger_has_an_outcome_for_every_row(first_load: Shop) -> None:
    ledger = first_load.records("first").read("load.json")
    assert ledger is not None
    for name, (read, outcomes, rejects) in FIRST_COUNTS.items():
        counted = ledger["datasets"][name]
        found = [counted["outcomes"][each] for each in SHOWN]
        assert (counted["read"], tuple(found)) == (read, outcomes)
        assert sum(counted["outcomes"].values()) == read
        assert tuple(counted["rejects"].values()) == rejects
        assert (counted["base_version"], counted["new_version"]) == (0, 1)
    assert ledger["datasets"]["orders"]["files_rejected"] == 1
    assert ledger["rejected"] == {"base_version": 0, "new_version": 1}
    assert (ledger["batch_id"], ledger["state"]) == ("first", "committed")


def test_the_attempt_has_its_own_records(first_load: Shop) -> None:
    records = first_load.records("first")
    assert records.read("attempts/1/base_versions.json") == dict.fromkeys(TABLES, 0)
    attempt = records.read("attempts/1/load.json") or {}
    assert attempt["seconds"] == attempt["steps"]["load"] > 0
    assert {"classify_orders", "commit_orders", "commit_rejected"} < set(attempt["steps"])
    assert attempt["time_travel_days"] == dict.fromkeys(TABLES, 30.0)


@pytest.mark.parametrize("table", TABLES)
def test_each_table_has_one_commit_that_names_batch_and_attempt(
    first_load: Shop, table: str
) -> None:
    [commit] = commits_above(first_load.spark, table_path(first_load.storage.root, table), 0)
    named = {key: commit.metadata[key] for key in ("batch_id", "attempt", "step")}
    assert named == {"batch_id": "first", "attempt": 1, "step": table}


@pytest.mark.parametrize("table", TABLES)
def test_each_table_can_be_read_by_all(first_load: Shop, table: str) -> None:
    path = table_path(first_load.storage.root, table)
    detail = DeltaTable.forPath(first_load.spark, path).detail().collect()[0]
    assert (detail["minReaderVersion"], detail["minWriterVersion"]) == (1, 2)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "lakehouse_spark"):
        yield caplog


def test_a_batch_that_is_loaded_is_reported_and_left_alone(
    loaded_shop: Shop, log: pytest.LogCaptureFixture
) -> None:
    before = loaded_shop.storage.keys("")
    ledger = loaded_shop.load("first")
    assert ledger == loaded_shop.records("first").read("load.json")
    assert loaded_shop.storage.keys("") == before
    assert "the batch is loaded already" in log.text


def test_a_batch_of_refused_files_alone_is_loaded(shop: Shop) -> None:
    shop.deliver("orders", "o.csv", "", reasons=["empty_file"])
    ledger = shop.load(shop.plan("b1"))
    assert ledger["datasets"]["orders"]["files_rejected"] == 1
    assert shop.rows("rejected", "category", "reasons") == [("schema_validation", ["empty_file"])]


def test_rows_that_get_lost_stop_the_load_before_any_commit(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_one(settled_df: DataFrame, known_df: DataFrame | None) -> DataFrame:
        return classify_rows(settled_df, known_df).limit(1)

    monkeypatch.setattr(recipe, "classify_rows", lose_one)
    shop.deliver("orders", "o.csv", ORDERS + "1,1,7,2025-04-01T11:00:00,1.00,2025-04-01\n" * 2)
    with pytest.raises(LedgerError, match=r"o.csv: 2 rows were read and 1 have an outcome"):
        shop.load(shop.plan("b1"))
    assert shop.table("rejected").count() == 0
    assert shop.records("b1").read("load.json") is None


def test_tables_are_seen_to_be_as_promised_after_the_commits(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def commit_and_lose_property(*arguments: Any) -> Any:
        versions = commit_dataset(*arguments)
        path = table_path(shop.storage.root, "orders")
        lost = "('delta.logRetentionDuration')"
        shop.spark.sql(f"ALTER TABLE delta.`{path}` UNSET TBLPROPERTIES {lost}")
        return versions

    monkeypatch.setattr(load_module, "commit_dataset", commit_and_lose_property)
    shop.deliver("orders", "o.csv", f"{ORDERS}1,1,7,2025-04-01T11:00:00,1.00,2025-04-01\n")
    with pytest.raises(TableError, match=r"orders: delta.logRetentionDuration is None"):
        shop.load(shop.plan("b1"))
    assert shop.records("b1").read("load.json") is None
    monkeypatch.undo()
    assert shop.load("b1")["datasets"]["orders"]["outcomes"]["inserted"] == 1


def test_bytes_that_are_no_text_reject_their_row(shop: Shop) -> None:
    """As they do where they lie behind what planning looks at."""
    shop.deliver("products", "p.csv", PRODUCTS.encode() + b"1,1,Fruit,A\xffn\n2,1,Fruit,Bob\n")
    shop.load(shop.plan("b1"))
    assert shop.rows("rejected", "reasons") == [(["not_text:product_name"],)]
    assert shop.rows("products", "product_id") == [(2,)]


@pytest.mark.parametrize(("order", "is_read"), [(2, False), (1, True)], ids=["new", "known"])
def test_a_table_is_read_only_where_it_can_hold_a_key_of_the_batch(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, order: int, is_read: bool
) -> None:
    read: list[str] = []

    def note(rows_df: DataFrame, table_df: DataFrame, dataset: Dataset) -> DataFrame:
        read.append(dataset.name)
        return known_rows(rows_df, table_df, dataset)

    monkeypatch.setattr(checking, "known_rows", note)
    for batch_id, number in (("b1", 1), ("b2", order)):
        line = f"1,{number},7,2025-04-01T11:00:00,1.00,2025-04-01\n"
        shop.deliver("orders", f"{batch_id}.csv", f"{ORDERS}{line}")
        shop.load(shop.plan(batch_id))
    assert read == (["orders"] if is_read else [])


def test_a_plan_of_another_contract_creates_no_table(shop: Shop) -> None:
    shop.deliver("orders", "o.csv", ORDERS)
    with pytest.raises(ManifestError, match="contract"):
        shop.load(shop.plan("b1", contract_version="0.9.0"))
    assert shop.storage.keys("processed/") == []


def test_a_file_that_was_replaced_is_not_read(shop: Shop) -> None:
    key = shop.deliver("orders", "o.csv", ORDERS)
    shop.storage.put(key, b"other")
    with pytest.raises(FileChangedError, match=key):
        shop.load(shop.plan("b1"))
