"""The delivered files: how many rows, which dirt, and always the same."""

import csv
from collections import Counter
from pathlib import Path

import pytest
from lakehouse_spark.contract import Contract

from benchmarks.deliveries import Delivery, delivered
from benchmarks.shop_days import Shop, day_of

MONTH = Delivery(first_day=0, days=3, with_products=True)
DIRTY = Delivery(first_day=0, days=1, dirt=0.5)
CORRECTING = Delivery(first_day=8, days=1, corrections=True)

Record = dict[str, str]


def read(folder: Path, dataset: str) -> list[Record]:
    """Return all records that are delivered for a dataset."""
    records: list[Record] = []
    for path in sorted(folder.glob(f"raw/{dataset}/*.csv")):
        with path.open(newline="") as file:
            records += csv.DictReader(file)
    return records


def test_a_file_for_each_dataset_and_day(tmp_path: Path, shop: Shop) -> None:
    folder = delivered(tmp_path, shop, MONTH)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.csv"))
    days = [f"{day_of(place)}.csv" for place in range(3)]
    of_days = [f"raw/{dataset}/{day}" for dataset in ("order_items", "orders") for day in days]
    assert names == [*of_days, "raw/products/catalogue.csv"]


def test_the_promised_sizes(tmp_path: Path) -> None:
    folder = delivered(tmp_path, Shop(), Delivery(first_day=30, days=1))
    assert len(read(folder, "orders")) == 6_667
    assert len(read(folder, "order_items")) == pytest.approx(37_000, rel=0.02)


def test_columns_are_the_contracts(tmp_path: Path, shop: Shop, contract: Contract) -> None:
    folder = delivered(tmp_path, shop, MONTH)
    for dataset in contract.datasets:
        delivered_columns = [column.name for column in dataset.delivered]
        assert list(read(folder, dataset.name)[0]) == delivered_columns


def test_keys_are_unique_and_references_exist(tmp_path: Path, shop: Shop) -> None:
    folder = delivered(tmp_path, shop, MONTH)
    orders = [order["order_id"] for order in read(folder, "orders")]
    products = {product["product_id"] for product in read(folder, "products")}
    items = [(item["order_id"], item["product_id"]) for item in read(folder, "order_items")]
    assert len(orders) == len(set(orders)) == 60
    assert len(items) == len(set(items))
    assert {order for order, _ in items} == set(orders)
    assert {product for _, product in items} <= products


def test_dirt_comes_on_top_of_the_clean_rows(tmp_path: Path, shop: Shop) -> None:
    clean = read(delivered(tmp_path, shop, Delivery(first_day=0, days=1)), "orders")
    dirty = read(delivered(tmp_path, shop, DIRTY), "orders")
    extra = Counter(map(str, dirty)) - Counter(map(str, clean))
    assert len(dirty) == len(clean) + extra.total()
    assert extra.total() == 10  # two of each kind
    added = [each for each in dirty if str(each) in extra]
    assert sum(each["total_amount"] == "12x" for each in added) == 2
    assert sum(each["order_timestamp"] == "01.04.2025 11:27" for each in added) == 2
    assert sum(each["user_id"] == "" for each in added) == 2
    assert sum(each["total_amount"] == "0.10" for each in added) == 2


def test_a_correcting_day_moves_rows_and_has_orphans(tmp_path: Path, shop: Shop) -> None:
    folder = delivered(tmp_path, shop, CORRECTING)
    orders, items = read(folder, "orders"), read(folder, "order_items")
    earlier = [order for order in orders if order["date"] != str(day_of(8))]
    moved = [order for order in earlier if order["order_timestamp"][:10] != order["date"]]
    assert len(earlier) == 7
    assert len(moved) == 7  # where there is one correction a day, it moves
    assert {item["order_id"] for item in items if item["order_id"].startswith("9000")}


def test_the_same_files_each_time(tmp_path: Path, shop: Shop) -> None:
    one = delivered(tmp_path / "one", shop, CORRECTING)
    other = delivered(tmp_path / "other", shop, CORRECTING)
    for path in one.rglob("*.csv"):
        assert path.read_bytes() == (other / path.relative_to(one)).read_bytes()


def test_what_is_there_is_not_made_again(tmp_path: Path, shop: Shop) -> None:
    folder = delivered(tmp_path, shop, DIRTY)
    (folder / "kept").touch()
    assert (delivered(tmp_path, shop, DIRTY) / "kept").exists()
    assert delivered(tmp_path, Shop(21, 30), DIRTY) != folder
