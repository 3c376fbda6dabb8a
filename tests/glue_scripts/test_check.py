"""The check of a loaded batch: what it looks at, what it says, and what it leaves behind."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from lakehouse_spark.batches import Record
from lakehouse_spark.check import NotLoadedError, Scope, check_batch
from lakehouse_spark.lease import Lease, LeaseLost
from lakehouse_spark.quality import ScanError
from lakehouse_spark.tables import table_path
from pyspark.sql import functions as F

from tests.glue_scripts.deliveries import ITEMS, ORDERS
from tests.glue_scripts.shop import Shop

SODA = sorted((Path(__file__).parents[2] / "include/soda").glob("*.soda.yml"))
# One order of the first delivery was placed late on the day before its UTC day.
LATE = "orders carry the date of their time"
# The files of the first delivery are from the day of its planning.
NEXT_ORDERS = f"{ORDERS}3,20,7,2025-04-03T10:00:00,1.00,2025-04-03\n"
NEXT_ITEMS = f"{ITEMS}20,20,7,,1,1,0,2025-04-03T10:00:00,2025-04-03\n"


def check(
    shop: Shop,
    batch_id: str = "first",
    files: list[Path] = SODA,
    scope: Scope = Scope.BATCH,
    lease: Lease | None = None,
) -> Record:
    return check_batch(shop.spark, shop.contract, shop.storage, batch_id, files, scope, lease)


def failed_checks(report: Record) -> set[str]:
    return {each["name"] for each in report["checks"] if each["outcome"] != "pass"}


def load_next(shop: Shop) -> None:
    """Load a second batch, of another day than the first."""
    shop.deliver("orders", "o2.csv", NEXT_ORDERS, day=2)
    shop.deliver("order_items", "i2.csv", NEXT_ITEMS, day=2)
    shop.load(shop.plan("second", day=2))


def spoil(shop: Shop, table: str, **changed: Any) -> None:
    """Add to a table, as a job of others would, its first row with some values changed."""
    rows_df = shop.table(table).orderBy(*shop.table(table).columns).limit(1)
    columns = {
        name: F.lit(value).cast(rows_df.schema[name].dataType) for name, value in changed.items()
    }
    path = table_path(shop.storage.root, table)
    rows_df.withColumns(columns).write.format("delta").mode("append").save(path)


def results(shop: Shop) -> list[tuple[Any, ...]]:
    rows_df = shop.spark.read.format("delta").load(f"{shop.storage.root}/quality_results")
    names = ["batch_id", "attempt", "scope", "check_name"]
    return sorted(tuple(row) for row in rows_df.select(*names).collect())


@pytest.fixture(scope="module")
def checked(first_load: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Return a shop with the batch ``first`` loaded and checked; it is for looking only."""
    shop = first_load.copy(tmp_path_factory.mktemp("checked"))
    assert check(shop) == report_of(shop)
    return shop


def report_of(shop: Shop) -> Record:
    return shop.records("first").read("quality.json") or {}


def test_a_failed_warning_lowers_the_score_and_lets_the_batch_pass(checked: Shop) -> None:
    report = report_of(checked)
    assert (report["verdict"], report["attempt"], failed_checks(report)) == ("pass", 1, {LATE})
    assert report["score"] < 100
    assert report["datasets"]["products"] == 100


def test_rows_that_are_not_what_the_ledger_says_fail_the_verdict(loaded_shop: Shop) -> None:
    records = loaded_shop.records("first")
    ledger = records.read("load.json") or {}
    ledger["datasets"]["orders"]["outcomes"]["inserted"] += 1
    records.put("load.json", ledger)
    report = check(loaded_shop)
    assert report["verdict"] == "fail"
    assert failed_checks(report) == {"orders written equal the ledger", LATE}


def test_the_check_of_a_batch_looks_at_what_it_touched(loaded_shop: Shop) -> None:
    """A bad row of another day fails whole tables, and a twin of a key of the batch both."""
    spoil(loaded_shop, "orders", user_id=None, order_id=900, order_date=date(2024, 1, 1))
    load_next(loaded_shop)
    report = check(loaded_shop, "second")
    assert (failed_checks(report), set(report["datasets"])) == (set(), {"orders", "order_items"})
    report = check(loaded_shop, "second", scope=Scope.TABLES)
    assert failed_checks(report) >= {"orders.user_id is always there", LATE}
    assert set(report["datasets"]) == {"orders", "order_items", "products"}


def test_a_twin_of_a_key_in_a_partition_that_the_batch_did_not_touch_is_found(
    loaded_shop: Shop,
) -> None:
    spoil(loaded_shop, "orders", order_id=10, order_date=date(2024, 1, 1))
    records = loaded_shop.records("first")
    ledger = records.read("load.json") or {}
    # As if that commit were all that the batch did.
    ledger["datasets"]["orders"] |= {"base_version": 1, "new_version": 2}
    records.put("load.json", ledger)
    assert "orders has each order_id once" in failed_checks(check(loaded_shop))


def test_a_batch_that_changed_no_table_passes_without_a_scan(loaded_shop: Shop) -> None:
    loaded_shop.deliver("products", "p2.csv", "product_id,department_id,department,product_name\n")
    loaded_shop.load(loaded_shop.plan("empty"))
    report = check(loaded_shop, "empty")
    assert (report["verdict"], report["score"], report["checks"]) == ("pass", 100, [])


def test_failing_rows_are_kept_and_their_keys_told(checked: Shop) -> None:
    [late] = [each for each in report_of(checked)["checks"] if each["name"] == LATE]
    assert late["failing_keys"] == ["order_id=11"]
    folder = f"{checked.storage.root}/batches/first/failing_rows"
    [row] = checked.spark.read.parquet(folder).collect()
    assert (row["dataset"], row["check_name"], row["severity"], row["attempt"]) == (
        "orders", LATE, "warn", 1,
    )  # fmt: skip
    assert row["row"]["order_id"] == "11"
    assert row["row"]["_source_file"] == "raw/orders/o.csv"


def test_each_check_of_an_attempt_is_one_row_that_no_undo_takes_back(
    checked: Shop, tmp_path: Path
) -> None:
    shop = checked.copy(tmp_path)
    names = sorted(each["name"] for each in check(shop)["checks"])
    assert results(shop) == [("first", 1, "batch", name) for name in names]
    shop.undo("first")
    assert results(shop) == [("first", 1, "batch", name) for name in names]


def test_who_lost_the_lease_writes_no_results(loaded_shop: Shop) -> None:
    with pytest.raises(LeaseLost):
        check(loaded_shop, lease=Lease(loaded_shop.storage, b"ours"))
    assert loaded_shop.records("first").read("quality.json") is None


def test_rejects_stay_readable_when_their_batch_is_taken_back(loaded_shop: Shop) -> None:
    before = {row["reject_id"] for row in loaded_shop.table("rejected").collect()}
    loaded_shop.undo("first")
    assert loaded_shop.table("rejected").count() == 0
    folder = f"{loaded_shop.storage.root}/batches/first/rejects"
    assert {row["reject_id"] for row in loaded_shop.spark.read.parquet(folder).collect()} == before
    summary = loaded_shop.records("first").read("rejects/_summary.json") or {}
    assert summary["over_limit"] == []
    assert sum(each["count"] for each in summary["reasons"]) > 0


def test_a_batch_that_is_not_loaded_is_not_checked(shop: Shop) -> None:
    with pytest.raises(NotLoadedError, match="clear load_delta"):
        check(shop)


def test_a_batch_without_checks_files_is_not_checked(loaded_shop: Shop) -> None:
    with pytest.raises(ScanError, match="extra-files"):
        check(loaded_shop, files=[])


def test_a_checks_file_is_named_for_a_dataset(loaded_shop: Shop, tmp_path: Path) -> None:
    with pytest.raises(ScanError, match=r"order\.soda\.yml: the contract has no such dataset"):
        check(loaded_shop, files=[*SODA, tmp_path / "order.soda.yml"])


def test_an_archived_batch_keeps_its_report(loaded_shop: Shop) -> None:
    loaded_shop.records("first").put("quality.json", {"verdict": "pass", "score": 12})
    loaded_shop.records("first").put("archived.json", {"files": []})
    assert check(loaded_shop)["score"] == 12
    assert check(loaded_shop, scope=Scope.TABLES)["score"] > 12
    assert (loaded_shop.records("first").read("quality.json") or {})["score"] == 12
