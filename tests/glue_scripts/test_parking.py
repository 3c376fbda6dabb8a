"""Orphans: parked, tried again by each batch, resolved when the parent comes, rejected in time."""

from typing import Any

import pytest
from lakehouse_spark.contract import Contract
from pyspark.sql import SparkSession

from tests.glue_scripts.deliveries import ITEMS, NOON, ORDERS, PRODUCTS
from tests.glue_scripts.shop import Shop

ORPHAN = f"1,10,7,,1,1,0,{NOON}\n"
OTHER_ORPHAN = f"2,10,7,,77,2,0,{NOON}\n"
ORDER = f"1,10,7,{NOON.split(',')[0]},9.99,{NOON.split(',')[1]}\n"
LIFE = ("source_file", "status", "attempts", "first_seen_at", "last_seen_at")


def life(shop: Shop) -> list[tuple[Any, ...]]:
    """Return file, status, attempts and the days first and last seen of each reject."""
    rows = shop.table("rejected").select(*LIFE).collect()
    return sorted(
        (
            row["source_file"].rpartition("/")[2],
            row["status"],
            row["attempts"],
            row["first_seen_at"].day,
            row["last_seen_at"].day,
        )
        for row in rows
    )


def balance(ledger: dict[str, Any]) -> tuple[int, ...]:
    """Return before, newly parked, resolved, expired and after of the items."""
    parked = ledger["datasets"]["order_items"]["parked"]
    names = ("before", "newly_parked", "resolved", "expired", "after")
    return tuple(parked[name] for name in names)


@pytest.fixture(scope="module")
def parked_shop(
    spark: SparkSession, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """Return a shop with one product and two items of an order that has not come; look only."""
    shop = Shop(spark, contract, tmp_path_factory.mktemp("parked"))
    shop.deliver("products", "p.csv", f"{PRODUCTS}1,1,Fruit,Apple\n")
    shop.deliver("order_items", "a.csv", f"{ITEMS}{ORPHAN}")
    shop.deliver("order_items", "b.csv", f"{ITEMS}{OTHER_ORPHAN}")
    shop.load(shop.plan("b1", day=1))
    return shop


@pytest.fixture
def shop(parked_shop: Shop, tmp_path: Any) -> Shop:
    return parked_shop.copy(tmp_path)


def test_an_orphan_is_parked_and_told_of(parked_shop: Shop) -> None:
    ledger = parked_shop.records("b1").read("load.json") or {}
    assert ledger["datasets"]["order_items"]["outcomes"]["parked"] == 2
    assert balance(ledger) == (0, 2, 0, 0, 2)
    assert life(parked_shop) == [("a.csv", "parked", 1, 1, 1), ("b.csv", "parked", 1, 1, 1)]
    assert parked_shop.rows("rejected", "category", "reasons") == [
        ("referential_integrity", ["unknown_reference:order_id", "unknown_reference:product_id"]),
        ("referential_integrity", ["unknown_reference:order_id"]),
    ]


def test_it_is_resolved_by_the_batch_that_brings_its_parent(shop: Shop) -> None:
    shop.deliver("orders", "o.csv", f"{ORDERS}{ORDER}", day=2)
    ledger = shop.load(shop.plan("b2", day=2))
    assert balance(ledger) == (2, 0, 1, 0, 1)
    assert ledger["datasets"]["order_items"]["parked"]["outcomes"]["inserted"] == 1
    assert ledger["datasets"]["order_items"]["read"] == 0
    assert shop.rows("order_items", "id", "_source_file", "_batch_id") == [
        (1, "raw/order_items/a.csv", "b2")
    ]
    assert life(shop) == [("a.csv", "resolved", 2, 1, 2), ("b.csv", "parked", 2, 1, 2)]
    assert ["unknown_reference:product_id"] in [
        each for (each,) in shop.rows("rejected", "reasons")
    ]


def oldest_parked(shop: Shop, batch_id: str) -> dict[str, str]:
    """Return what the batch's first attempt says of the rows that it left parked."""
    record = shop.records(batch_id).read("attempts/1/load.json") or {}
    oldest: dict[str, str] = record["oldest_parked"]
    return oldest


def test_an_attempt_says_since_when_the_oldest_row_waits(shop: Shop) -> None:
    assert oldest_parked(shop, "b1") == {"order_items": "2025-05-01T12:00:00+00:00"}
    shop.deliver("order_items", "c.csv", f"{ITEMS}3,10,7,,1,3,0,{NOON}\n", day=2)
    shop.load(shop.plan("b2", day=2))
    assert oldest_parked(shop, "b2") == {"order_items": "2025-05-01T12:00:00+00:00"}
    shop.deliver("orders", "o.csv", f"{ORDERS}{ORDER}", day=3)
    shop.deliver("products", "q.csv", f"{PRODUCTS}77,1,Fruit,Fig\n", day=3)
    shop.load(shop.plan("b3", day=3))
    assert oldest_parked(shop, "b3") == {}


def test_it_is_rejected_when_its_time_is_over(shop: Shop) -> None:
    shop.deliver("products", "q.csv", f"{PRODUCTS}2,1,Fruit,Pear\n", day=3)
    assert balance(shop.load(shop.plan("b2", day=3))) == (2, 0, 0, 0, 2)
    shop.deliver("products", "r.csv", f"{PRODUCTS}3,1,Fruit,Fig\n", day=4)
    ledger = shop.load(shop.plan("b3", day=4))
    assert balance(ledger) == (2, 0, 0, 2, 0)
    assert life(shop) == [("a.csv", "rejected", 3, 1, 4), ("b.csv", "rejected", 3, 1, 4)]


def test_a_batch_that_brings_nothing_new_leaves_parked_rows_as_they_are(shop: Shop) -> None:
    versions = shop.versions()
    shop.deliver("products", "p.csv", f"{PRODUCTS}1,1,Fruit,Apple\n", day=2)
    assert balance(shop.load(shop.plan("b2", day=2))) == (2, 0, 0, 0, 2)
    assert shop.versions() == versions


def test_the_same_file_again_parks_nothing_twice(shop: Shop) -> None:
    shop.deliver("order_items", "a.csv", f"{ITEMS}{ORPHAN}", day=2)
    ledger = shop.load(shop.plan("b2", day=2))
    assert balance(ledger) == (2, 1, 1, 0, 2)
    assert life(shop) == [("a.csv", "parked", 1, 1, 1), ("b.csv", "parked", 1, 1, 1)]


def test_an_orphan_in_another_file_gets_no_more_time(shop: Shop) -> None:
    shop.deliver("order_items", "c.csv", f"{ITEMS}{ORPHAN}", day=3)
    assert balance(shop.load(shop.plan("b2", day=3))) == (2, 1, 1, 0, 2)
    shop.deliver("order_items", "d.csv", f"{ITEMS}{ORPHAN}", day=4)
    ledger = shop.load(shop.plan("b3", day=4))
    assert ledger["datasets"]["order_items"]["outcomes"]["rejected"] == 1
    assert ("d.csv", "rejected", 1, 1, 4) in life(shop)


def test_a_parked_row_loses_to_a_newer_one(shop: Shop) -> None:
    shop.deliver("orders", "o.csv", f"{ORDERS}{ORDER}", day=2)
    shop.deliver("order_items", "c.csv", f"{ITEMS}9,10,7,,1,1,1,{NOON}\n", day=2)
    ledger = shop.load(shop.plan("b2", day=2))
    assert balance(ledger) == (2, 0, 1, 0, 1)
    assert shop.rows("order_items", "id") == [(9,)]
    found = shop.table("rejected").where("source_file like '%a.csv'").collect()[0]
    assert (found["status"], found["reasons"]) == ("rejected", ["conflicting_duplicate"])
    assert found["winner_file"] == "raw/order_items/c.csv"
    assert found["raw_record"]["id"] == "1"


def test_running_again_counts_no_try_twice(shop: Shop) -> None:
    shop.deliver("orders", "o.csv", f"{ORDERS}{ORDER}", day=2)
    ledger = shop.load(shop.plan("b2", day=2))
    snapshot, versions = shop.snapshot(), shop.versions()
    shop.records("b2").delete("load.json")
    assert shop.load("b2") == ledger
    assert (shop.snapshot(), shop.versions()) == (snapshot, versions)


def test_an_undone_batch_gives_the_parked_rows_back(parked_shop: Shop, shop: Shop) -> None:
    shop.deliver("orders", "o.csv", f"{ORDERS}{ORDER}", day=2)
    shop.load(shop.plan("b2", day=2))
    shop.undo("b2")
    assert shop.snapshot() == parked_shop.snapshot()
