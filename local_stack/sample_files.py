"""The sample's files: what the shop sold on a day, with the day's share of the dirt."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from local_stack.sample_dirt import DIRT, FILE_WITHOUT, Dirt
from local_stack.sample_shop import Record, Shop

FIRST_DAY = date(2025, 4, 1)
PRODUCTS_BY_DAY = (300, 40, 0, 30, 0)
ORDERS_A_DAY = 240
MOST_ITEMS = 8
ORDERS_IN_BROKEN_FILE = 25

REORDERED = "orders/2025-04-02.csv"
FROM_WINDOWS = "orders/2025-04-03.csv"  # with a byte order mark and \r\n
BROKEN = "orders/2025-04-04_till-2.csv"
WITH_EXTRA_COLUMN = "order_items/2025-04-04.csv"
EXTRA_COLUMN, EXTRA_VALUE = "coupon", "SPRING"


@dataclass(frozen=True)
class Line:
    """One record of a file, and what is wrong with it, if anything is: a kind of DIRT."""

    fields: tuple[str, ...]
    kind: str | None = None


@dataclass(frozen=True)
class SampleFile:
    """One file; `name` is its path in the sample and under raw/, such as orders/2025-04-01.csv."""

    name: str
    header: tuple[str, ...]
    lines: tuple[Line, ...]

    def content(self) -> bytes:
        """Return the file as it is delivered."""
        windows = self.name == FROM_WINDOWS
        rows = (self.header, *(line.fields for line in self.lines))
        text = "".join(csv_text(fields) + ("\r\n" if windows else "\n") for fields in rows)
        return text.encode("utf-8-sig" if windows else "utf-8")


def make_files() -> Iterator[SampleFile]:
    """Give all files of the sample."""
    shop = Shop()
    for place in range(len(PRODUCTS_BY_DAY)):
        yield from files_of_day(shop, place)
    day = FIRST_DAY + timedelta(days=3)
    orders = [shop.order(day) for _ in range(ORDERS_IN_BROKEN_FILE)]
    header = tuple(column for column in orders[0] if column != FILE_WITHOUT)
    yield SampleFile(BROKEN, header, tuple(Line(fields_of(order, header)) for order in orders))


def files_of_day(shop: Shop, place: int) -> Iterator[SampleFile]:
    """Give the files of one day: new products if there are any, orders, and their items."""
    day = FIRST_DAY + timedelta(days=place)
    name = f"{day}.csv"
    if count := PRODUCTS_BY_DAY[place]:
        products = [shop.product() for _ in range(count)]
        shop.products += products
        yield make_file(shop, f"products/{name}", place, products, shop.product)
    orders = [shop.order(day) for _ in range(ORDERS_A_DAY)]
    yield make_file(shop, f"orders/{name}", place, orders, lambda: shop.order(day))
    items, spare = sell(shop, orders)
    yield make_file(shop, f"order_items/{name}", place, items, lambda: next(spare))


def sell(shop: Shop, orders: list[Record]) -> tuple[list[Record], Iterator[Record]]:
    """Return the items of the orders, and for dirt one more item of each with a key of its own."""
    baskets = [
        list(shop.items(order, shop.random.randrange(1, MOST_ITEMS) + 1)) for order in orders
    ]
    return [item for basket in baskets for item in basket[:-1]], iter([b[-1] for b in baskets])


def make_file(
    shop: Shop, name: str, place: int, clean: list[Record], fresh: Callable[[], Record]
) -> SampleFile:
    """Return a file of the clean records, with dirty ones in between."""
    header = header_of(name, clean[0])
    lines = [Line(fields_of(record, header)) for record in clean]
    copied = iter(shop.random.sample(clean, len(clean)))
    for kind, dirt, number in dirt_of(name.split("/")[0], place):
        record = next(copied) if dirt.is_copy else fresh()
        changes = {column: text.format(n=number) for column, text in dirt.changes.items()}
        fields = resize(fields_of(record | changes, header), dirt.width)
        lines.insert(shop.random.randrange(len(lines) + 1), Line(fields, kind))
    return SampleFile(name, header, tuple(lines))


def dirt_of(dataset: str, place: int) -> Iterator[tuple[str, Dirt, int]]:
    """Give the dirty records of one day: kind, dirt, and its number among all of its kind."""
    days = [day for day, count in enumerate(PRODUCTS_BY_DAY) if count or dataset != "products"]
    for kind, dirt in DIRT.items():
        if dirt.dataset == dataset:
            for number in range(days.index(place), dirt.count, len(days)):
                yield kind, dirt, number


def header_of(name: str, record: Record) -> tuple[str, ...]:
    """Return the columns of a file; suppliers do not all keep to one order, or to ours alone."""
    if name == REORDERED:
        return tuple(reversed(record))
    return (*record, EXTRA_COLUMN) if name == WITH_EXTRA_COLUMN else tuple(record)


def fields_of(record: Record, header: tuple[str, ...]) -> tuple[str, ...]:
    """Return the record's texts in the order of the header."""
    return tuple(record.get(column, EXTRA_VALUE) for column in header)


def resize(fields: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Return the fields with some more, or without the last ones."""
    return (*fields, *["best before 2025"] * width) if width >= 0 else fields[:width]


def csv_text(fields: tuple[str, ...]) -> str:
    """Return the fields as one CSV record, without the end of the line."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue()
