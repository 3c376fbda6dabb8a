"""What a supplier gets wrong: dirty copies of clean rows, and rows that correct earlier days."""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.shop_days import SEED

CORRECTIONS = 0.02
CORRECTED_DAYS = 7
MOVED = 4  # one of so many corrections moves to the next day
A_DAY = pa.scalar(24 * 60 * 60, pa.duration("s"))

Change = Callable[[pa.Table], pa.Table]
Dirt = Mapping[str, Change]
"""By kind: what makes it of copies of clean rows, whose values are texts."""


def with_text(column: str, text: str | None) -> Change:
    """Return what puts one text, or nothing, into a column."""
    return lambda rows: replace(rows, column, pa.array([text] * rows.num_rows, pa.string()))


def with_foreign(column: str) -> Change:
    """Return what makes a column refer to nothing that is there."""
    return lambda rows: replace(rows, column, pc.binary_join_element_wise("9000", rows[column], ""))


ORPHANS: Dirt = {
    "unknown order": with_foreign("order_id"),
    "unknown product": with_foreign("product_id"),
}
ALL_DIRT: Mapping[str, Dirt] = {
    "products": {},
    "orders": {
        "bad number": with_text("total_amount", "12x"),
        "bad timestamp": with_text("order_timestamp", "01.04.2025 11:27"),
        "null": with_text("user_id", None),
        "duplicate": lambda rows: rows,
        # Of two rows with one key the greater wins, so this loses against the one it copies.
        "conflict": with_text("total_amount", "0.10"),
    },
    "order_items": {
        "bad number": with_text("product_id", "12x"),
        "bad timestamp": with_text("order_timestamp", "01.04.2025 11:27"),
        "null": with_text("user_id", None),
        "duplicate": lambda rows: rows,
        **ORPHANS,
    },
}


def add_dirt(texts: pa.Table, dirt: Dirt, share: float, place: int) -> pa.Table:
    """Return the rows with `share` as many dirty ones in between, of all kinds alike."""
    count = max(1, round(texts.num_rows * share / max(1, len(dirt))))
    random = np.random.default_rng([SEED, place, 2])
    picked = [random.choice(texts.num_rows, count, replace=False) for _ in dirt]
    dirty = [change(texts.take(rows)) for change, rows in zip(dirt.values(), picked, strict=True)]
    places = np.concatenate([np.arange(texts.num_rows), *picked])
    return pa.concat_tables([texts, *dirty]).take(np.argsort(places, kind="stable"))


def correct(rows: pa.Table, changed: str, share: float, place: int) -> pa.Table:
    """Return `share` of a day's rows corrected: one more in column `changed`, and some moved."""
    random = np.random.default_rng([SEED, place, 3])
    picked = random.choice(rows.num_rows, max(1, round(rows.num_rows * share)), replace=False)
    taken = rows.take(np.sort(picked))
    more = pc.add(taken[changed], pa.scalar(1, taken[changed].type))
    is_moved = pa.array(np.arange(taken.num_rows) % MOVED == 0)
    times = taken["order_timestamp"]
    moved = pc.if_else(is_moved, pc.add(times, A_DAY), times)
    corrected = replace(taken, changed, more.cast(taken[changed].type))
    return replace(corrected, "order_timestamp", moved)


def replace(rows: pa.Table, column: str, values: pa.Array | pa.ChunkedArray) -> pa.Table:
    """Return the rows with other values in a column."""
    return rows.set_column(rows.column_names.index(column), column, values)
