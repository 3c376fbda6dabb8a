"""A second delivery on top of a first: news, corrections, moves and late files."""

import pytest

from tests.glue_scripts.deliveries import (
    ITEMS,
    NOON,
    ORDERS,
    PRODUCTS,
    deliver_first,
)
from tests.glue_scripts.shop import Shop


def outcomes(shop: Shop, batch_id: str, dataset: str) -> dict[str, int]:
    """Return the dataset's outcomes that are not zero."""
    ledger = shop.records(batch_id).read("load.json") or {}
    counted: dict[str, int] = ledger["datasets"][dataset]["outcomes"]
    return {name: count for name, count in counted.items() if count}


def data_files(shop: Shop) -> list[str]:
    return [key for key in shop.storage.keys("") if key.endswith(".parquet")]


def test_the_same_files_again_change_no_table(first_load: Shop, loaded_shop: Shop) -> None:
    before = data_files(loaded_shop)
    deliver_first(loaded_shop)
    ledger = loaded_shop.load(loaded_shop.plan("again"))
    assert loaded_shop.snapshot() == first_load.snapshot()
    assert data_files(loaded_shop) == before
    assert outcomes(loaded_shop, "again", "orders") == {"unchanged": 2, "rejected": 5}
    for counted in [*ledger["datasets"].values(), ledger["rejected"]]:
        assert counted["base_version"] == counted["new_version"]


@pytest.fixture(scope="module")
def second_load(first_load: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Load a delivery of day 2 that corrects the first, then a file of day 1 that comes late."""
    shop = first_load.copy(tmp_path_factory.mktemp("second"))
    products = "1,9,Fruit,Apple\n2,1,Fruit,Pear\n6,2,Snacks,Nut\n"
    shop.deliver("products", "p2.csv", PRODUCTS + products, day=2)
    shop.deliver("orders", "o2.csv", f"{ORDERS}1,10,7,2025-04-03T08:00:00,9.99,2025-04-03\n", day=2)
    items = f"4,99,7,3,6,1,0,{NOON}\n8,10,7,3,6,4,0,{NOON}\n"
    shop.deliver("order_items", "i2.csv", ITEMS + items, day=2)
    shop.load(shop.plan("second"))
    late = (
        "1,10,7,2025-04-01T11:27:00,99.99,2025-04-01\n1,20,7,2025-04-03T08:00:00,3.00,2025-04-03\n"
    )
    shop.deliver("orders", "late.csv", ORDERS + late, day=1)
    shop.load(shop.plan("late"))
    return shop


def test_only_what_is_new_or_changed_is_written(second_load: Shop) -> None:
    expected = {"updated": 1, "unchanged": 1, "inserted": 1}
    assert outcomes(second_load, "second", "products") == expected
    products = second_load.rows("products", "product_id", "_batch_id")
    assert products == [(1, "second"), (2, "first"), (3, "first"), (6, "second")]


def test_a_corrected_row_moves_to_its_partition_and_leaves_no_twin(second_load: Shop) -> None:
    departments = second_load.rows("products", "product_id", "department_id")
    assert departments == [(1, 9), (2, 1), (3, 2), (6, 2)]
    days = second_load.rows("orders", "order_id", "order_date")
    assert [(id_, day.day) for id_, day in days] == [(10, 3), (11, 2), (20, 3)]


def test_a_row_may_refer_to_an_earlier_batch(second_load: Shop) -> None:
    assert outcomes(second_load, "second", "order_items") == {"inserted": 1, "parked": 1}
    assert second_load.rows("order_items", "id")[-1] == (8,)


def test_an_older_delivery_overwrites_nothing(second_load: Shop) -> None:
    assert outcomes(second_load, "late", "orders") == {"stale": 1, "inserted": 1}
    amounts = second_load.rows("orders", "order_id", "total_amount", "_batch_id")
    assert [(id_, float(amount), batch) for id_, amount, batch in amounts] == [
        (10, 9.99, "second"),
        (11, 5.0, "first"),
        (20, 3.0, "late"),
    ]
