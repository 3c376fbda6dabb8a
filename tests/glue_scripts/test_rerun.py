"""Crashes, undo and repetition: wherever it stops, running again ends in the same place."""

from pathlib import Path
from typing import Any

import pytest
from delta.tables import DeltaTable
from lakehouse_spark import load as load_module
from lakehouse_spark import undo as undo_module
from lakehouse_spark.attempt import AttemptError
from lakehouse_spark.batches import BatchRecords, Record
from lakehouse_spark.contract import Contract
from lakehouse_spark.history import commit_metadata
from lakehouse_spark.lease import Lease, LeaseLost
from lakehouse_spark.load import load_batch
from lakehouse_spark.tables import PROPERTIES, ensure_properties, table_path
from lakehouse_spark.undo import UndoError, undo_batch
from pyspark.sql import SparkSession

from tests.glue_scripts.deliveries import ORDERS, deliver_loans
from tests.glue_scripts.shop import Shop


def crash_at(monkeypatch: pytest.MonkeyPatch, module: Any, step: str, table: str) -> None:
    """Let a step of the module crash when it comes to `table`, by dataset or by path."""
    proper = getattr(module, step)

    def run_or_crash(*args: Any) -> Any:
        if any(str(getattr(arg, "name", arg)).endswith(table) for arg in args):
            raise KeyboardInterrupt
        return proper(*args)

    monkeypatch.setattr(module, step, run_or_crash)


@pytest.mark.parametrize(
    ("by", "changed"), [("b2", "contract"), (None, "set_aside")], ids=["gives way", "is set aside"]
)
def test_a_batch_that_gives_way_while_it_is_loaded_commits_nothing(
    by: str | None, changed: str, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is replaced at the very moment when the load writes down its base versions."""
    shop.deliver("orders", "o.csv", f"{ORDERS}1,1,7,2025-04-01T11:00:00,1.00,2025-04-01\n")
    batch_id, proper = shop.plan("b1"), BatchRecords.create

    def replace_too(records: BatchRecords, name: str, record: Record) -> Record:
        written = proper(records, name, record)
        records.put("replaced.json", {"by": by, "changed": [changed]})
        return written

    monkeypatch.setattr(BatchRecords, "create", replace_too)
    for _ in range(2):
        with pytest.raises(AttemptError, match=f"gave way to {by or 'none'}"):
            shop.load(batch_id)
    assert set(shop.versions().values()) == {0}
    assert shop.records("b1").read("load.json") is None


def test_a_crash_before_the_ledger_changes_nothing(first_loans: Shop, library: Shop) -> None:
    records = library.records("first")
    ledger = records.read("load.json")
    records.delete("load.json")
    assert library.load("first") == ledger == records.read("load.json")
    assert library.versions() == first_loans.versions()
    assert library.snapshot() == first_loans.snapshot()


def test_a_crash_between_commits_is_made_good_by_running_again(
    first_loans: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Shop(first_loans.spark, first_loans.contract, tmp_path)
    deliver_loans(library)
    library.plan("first")
    crash_at(monkeypatch, load_module, "commit_dataset", "loans")
    with pytest.raises(KeyboardInterrupt):
        library.load("first")
    assert library.versions() == {"books": 1, "loans": 0, "rejected": 1}
    monkeypatch.undo()
    assert library.load("first") == first_loans.records("first").read("load.json")
    assert library.versions() == first_loans.versions()
    assert library.snapshot() == first_loans.snapshot()


def test_who_lost_the_lease_commits_nothing(library: Shop) -> None:
    library.deliver("books", "c.csv", "isbn,weight,language\nZ,1,fr\n")
    library.plan("second")
    before = library.versions()
    lease = Lease(library.storage, b"ours")
    with pytest.raises(LeaseLost, match=r"_lease.json was ours and is gone"):
        load_batch(library.spark, library.contract, library.storage, "second", lease=lease)
    with pytest.raises(LeaseLost):
        undo_batch(library.spark, library.storage, "first", lease)
    assert library.versions() == before


def test_an_undone_batch_leaves_nothing_in_the_tables(library: Shop) -> None:
    records = library.records("first")
    ledger = records.read("load.json")
    assert library.undo("first")
    assert library.snapshot() == {"books": [], "loans": [], "rejected": []}
    assert records.read("load.json") is None
    assert records.read("attempts/1/undo_started.json") == {"ledger": ledger}
    assert records.read("attempts/1/undone.json") is not None
    assert not library.undo("first")


def test_an_undo_that_broke_off_is_finished_by_the_next_load_which_is_a_new_attempt(
    first_loans: Shop, library: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_at(monkeypatch, undo_module, "_restore", "books")
    with pytest.raises(KeyboardInterrupt):
        library.undo("first")
    monkeypatch.undo()
    assert library.versions() == {"books": 1, "loans": 2, "rejected": 2}

    ledger = library.load("first")
    records = library.records("first")
    assert records.unfinished_undo() is None
    assert records.read("attempts/2/base_versions.json") == {"books": 2, "loans": 2, "rejected": 2}
    assert ledger["datasets"]["books"]["new_version"] == 3
    assert library.snapshot() == first_loans.snapshot()


def test_undo_keeps_the_properties_that_the_table_had_not_then(
    spark: SparkSession, contract: Contract, tmp_path: Path
) -> None:
    shop = Shop(spark, contract, tmp_path)
    path = table_path(shop.storage.root, "orders")
    spark.createDataFrame([], "order_id int").write.format("delta").save(path)
    with commit_metadata(spark, {"batch_id": "first"}):
        ensure_properties(spark, path)
    shop.records("first").put("attempts/1/base_versions.json", {"orders": 0})
    assert shop.undo("first")
    detail = DeltaTable.forPath(spark, path).detail().collect()[0]
    assert detail["properties"] == PROPERTIES


def test_commits_of_others_are_not_taken_back(library: Shop) -> None:
    path = table_path(library.storage.root, "loans")
    library.table("loans").limit(1).write.format("delta").mode("append").save(path)
    with pytest.raises(UndoError, match=r"processed/loans: version 2 \(WRITE\) is not of batch"):
        library.undo("first")
    assert library.versions() == {"books": 1, "loans": 2, "rejected": 1}
    assert library.records("first").current_attempt() == 1


def test_a_batch_that_has_committed_nothing_has_nothing_to_undo(
    spark: SparkSession, contract: Contract, tmp_path: Path
) -> None:
    assert not Shop(spark, contract, tmp_path).undo("first")
    assert list(tmp_path.iterdir()) == []
