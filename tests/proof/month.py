"""A month of a shop: each day's catalogue, orders and items, some corrected and some too early."""

from collections.abc import Iterator, Sequence
from random import Random

from tests.proof.lake import day
from tests.proof.random_deliveries import Delivery, Plan
from tests.proof.scenario import ITEMS, ORDERS, PRODUCTS

PRODUCT_IDS = range(1, 7)
NAMES = ["Apple", "Pear", "Plum"]


def month(dice: Random, days: int) -> list[Plan]:
    """Return one batch a day, each of files that were delivered on that day."""
    return [Plan(day(number + 0.5), tuple(_files(dice, number))) for number in range(days)]


def again(dice: Random, plans: Sequence[Plan], count: int) -> list[Plan]:
    """Return `count` batches with all the files that there were, in random order."""
    files = [each for plan in plans for each in plan.deliveries]
    dice.shuffle(files)
    return [Plan(day(len(plans) + number), tuple(files[number::count])) for number in range(count)]


def _files(dice: Random, number: int) -> Iterator[Delivery]:
    texts = {"products": _catalogue(dice), "orders": _orders(dice, number)}
    texts["order_items"] = _items(dice, number)
    for dataset, text in texts.items():
        yield Delivery(dataset, f"{number:02}.csv", text, day(number))


def _catalogue(dice: Random) -> str:
    rows = [f"{id_},{dice.randint(1, 2)},Fruit,{dice.choice(NAMES)}\n" for id_ in PRODUCT_IDS]
    return PRODUCTS + "".join(rows)


def _orders(dice: Random, number: int) -> str:
    """Return three new orders, and one of the day before, perhaps corrected or on another day."""
    ids = [_order_id(number, place) for place in range(3)]
    ids.append(_order_id(max(number - 1, 0), dice.randrange(3)))
    rows = [f"1,{id_},7,{_time(dice, number)},{dice.randint(1, 3)}.00,2025-04-01\n" for id_ in ids]
    return f"{ORDERS}{''.join(rows)}x,1,1,,,\n"


def _items(dice: Random, number: int) -> str:
    """Return items of orders of the day, of the day before, of the next day, and of none."""
    ids = [_order_id(number + dice.choice([-1, 0, 0, 1]), dice.randrange(3)) for _ in range(8)]
    rows = [
        f"1,{id_},7,,{dice.choice(PRODUCT_IDS)},{dice.randint(1, 2)},0,{_time(dice, number)},"
        "2025-04-01\n"
        for id_ in [*ids, 9_999]
    ]
    return ITEMS + "".join(rows)


def _order_id(number: int, place: int) -> int:
    return 100 + 10 * number + place


def _time(dice: Random, number: int) -> str:
    return f"2025-04-{1 + (number + dice.randint(0, 1)) % 30:02}T12:00:00"
