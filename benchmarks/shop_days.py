"""What a shop sold: typed tables of products, and of the orders and items of any day.

The same rows for the same numbers, on every machine: a day depends on nothing but its place.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

SEED = 20250401
FIRST_DAY = date(2024, 1, 1)
UTC_SECONDS = pa.timestamp("s", "UTC")
SECONDS_A_DAY = 24 * 60 * 60
DEPARTMENTS = 21
MOST_ITEMS = 10  # baskets hold 1 to 10, so 5.5 on average
USERS_PER_ORDER = 10
# Prime to any count of products we use, so that the products of a basket differ.
STRIDE = 7919
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Shop:
    """How much a shop sells."""

    orders_a_day: int = 6_667
    products: int = 10_000

    def scaled(self, scale: float) -> "Shop":
        """Return a shop that sells `scale` times as much."""
        count = max(2 * MOST_ITEMS, round(self.products * scale))
        return Shop(max(MOST_ITEMS, round(self.orders_a_day * scale)), count)


def day_of(place: int) -> date:
    """Return the date of a day by its place."""
    return FIRST_DAY + timedelta(days=place)


def products(shop: Shop) -> pa.Table:
    """Return all products."""
    ids = np.arange(1, shop.products + 1)
    departments = ids % DEPARTMENTS + 1
    return pa.table({
        "product_id": ids,
        "department_id": departments,
        "department": [f"department {number}" for number in departments],
        "product_name": [f'Product "{number}", 500 g' for number in ids],
    })


def orders_of_day(shop: Shop, place: int) -> pa.Table:
    """Return the orders of one day; ids rise from day to day."""
    random = np.random.default_rng([SEED, place])
    count = shop.orders_a_day
    cents = random.integers(199, 25_000, count)
    return pa.table({
        "order_num": pa.array(random.integers(1, 60, count), pa.int32()),
        "order_id": _first_order(shop, place) + np.arange(count),
        "user_id": random.integers(1, count * USERS_PER_ORDER + 1, count),
        "order_timestamp": _moments(random, place, count),
        "total_amount": _amounts(cents),
        "date": pa.array([day_of(place)] * count, pa.date32()),
    })


def items_of_day(shop: Shop, place: int) -> pa.Table:
    """Return the items of all orders of one day."""
    orders = orders_of_day(shop, place)
    random = np.random.default_rng([SEED, place, 1])
    sizes = random.permutation(np.arange(shop.orders_a_day) % MOST_ITEMS + 1)
    order_of = np.repeat(np.arange(shop.orders_a_day), sizes)
    place_in_basket = np.arange(sizes.sum()) - np.repeat(sizes.cumsum() - sizes, sizes)
    is_first = pc.equal(orders["order_num"], 1)
    pauses = pc.if_else(is_first, None, _int32(random.integers(0, 31, shop.orders_a_day)))
    ids = np.arange(sizes.sum()) + _first_order(shop, place) * MOST_ITEMS
    return pa.table({
        "id": ids,
        "order_id": orders["order_id"].take(order_of),
        "user_id": orders["user_id"].take(order_of),
        "days_since_prior_order": pauses.take(pa.array(order_of)),
        "product_id": _baskets(shop, random, order_of, place_in_basket),
        "add_to_cart_order": _int32(place_in_basket + 1),
        "reordered": _int32(random.integers(0, 2, len(ids))),
        "order_timestamp": orders["order_timestamp"].take(order_of),
        "date": orders["date"].take(order_of),
    })


def _first_order(shop: Shop, place: int) -> int:
    return 1 + place * shop.orders_a_day


def _moments(random: np.random.Generator, place: int, count: int) -> pa.Array:
    midnight = int(np.datetime64(day_of(place), "s").astype(np.int64))
    seconds = np.sort(random.integers(0, SECONDS_A_DAY, count))
    return pa.array(midnight + seconds).cast(UTC_SECONDS)


def _baskets(
    shop: Shop, random: np.random.Generator, order_of: Numbers, place_in_basket: Numbers
) -> Numbers:
    starts = random.integers(0, shop.products, shop.orders_a_day)
    numbers: Numbers = (starts[order_of] + place_in_basket) * STRIDE % shop.products + 1
    return numbers


def _amounts(cents: Numbers) -> pa.Array:
    exact = pc.multiply(pa.array(cents).cast(pa.decimal128(19, 0)), pa.scalar(CENT))
    return exact.cast(pa.decimal128(12, 2))


def _int32(numbers: Numbers) -> pa.Array:
    return pa.array(numbers, pa.int32())
