"""What a case delivers: files by dataset and day, made once and kept."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa

from benchmarks.csv_files import as_text, write_csv
from benchmarks.dirt import ALL_DIRT, CORRECTED_DAYS, CORRECTIONS, ORPHANS, add_dirt, correct
from benchmarks.shop_days import Shop, day_of, items_of_day, orders_of_day, products

DAY_ORDERS, DAY_ITEMS = "orders", "order_items"
OF_DAY = {DAY_ORDERS: orders_of_day, DAY_ITEMS: items_of_day}
CORRECTED = {DAY_ORDERS: "total_amount", DAY_ITEMS: "add_to_cart_order"}
ORPHAN_SHARE = 0.01


@dataclass(frozen=True)
class Delivery:
    """The days that are delivered together, and what is wrong with them."""

    first_day: int
    days: int
    with_products: bool = False
    dirt: float = 0.0
    corrections: bool = False


def delivered(folder: Path, shop: Shop, delivery: Delivery) -> Path:
    """Return the folder, under `folder`, of the delivery's files: ``raw/<dataset>/<day>.csv``."""
    made = folder / f"delivery-{parameters_hash(shop, delivery)}"
    if not made.exists():
        part = made.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        for name, texts in files(shop, delivery):
            write_csv(texts, part / "raw" / name)
        part.rename(made)
    return made


def files(shop: Shop, delivery: Delivery) -> Iterator[tuple[str, pa.Table]]:
    """Give each file's name and rows of text."""
    if delivery.with_products:
        yield "products/catalogue.csv", as_text(products(shop))
    for place in range(delivery.first_day, delivery.first_day + delivery.days):
        for dataset in OF_DAY:
            yield f"{dataset}/{day_of(place)}.csv", _texts(shop, delivery, dataset, place)


def parameters_hash(*parameters: object) -> str:
    """Return a short name for what was made by the dataclasses."""
    described = json.dumps([asdict(each) for each in parameters])  # type: ignore[call-overload]
    return hashlib.sha256(described.encode()).hexdigest()[:12]


def _texts(shop: Shop, delivery: Delivery, dataset: str, place: int) -> pa.Table:
    texts = as_text(OF_DAY[dataset](shop, place))
    if delivery.dirt:
        return add_dirt(texts, ALL_DIRT[dataset], delivery.dirt, place)
    if delivery.corrections:
        texts = pa.concat_tables([texts, *_corrections(shop, dataset, place)])
        if dataset == DAY_ITEMS:
            return add_dirt(texts, ORPHANS, ORPHAN_SHARE, place)
    return texts


def _corrections(shop: Shop, dataset: str, place: int) -> Iterator[pa.Table]:
    for earlier in range(max(0, place - CORRECTED_DAYS), place):
        rows = OF_DAY[dataset](shop, earlier)
        yield as_text(correct(rows, CORRECTED[dataset], CORRECTIONS / CORRECTED_DAYS, earlier))
