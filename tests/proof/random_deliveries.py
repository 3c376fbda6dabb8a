"""Hypothesis makes deliveries: few keys and values, so that they meet, and every kind of dirt."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from tests.proof.lake import day
from tests.proof.oracle_rules import COLUMNS, KEYS

Draw = Callable[[st.SearchStrategy[Any]], Any]

# The same place in each list is one variant of a row; two spellings of one are equal rows.
VARIANTS = {
    "department_id": ["1", "2", "1"],
    "department": ["Fruit", 'Bread, "dark"', "Früchte"],
    "product_name": ["Apple", "apple", "two\nlines"],
    "order_num": ["1", "2", "1"],
    "user_id": ["7", "7", "8"],
    "order_timestamp": [
        "2025-04-01T11:27:00", "2025-04-01T23:30:00.25-02:00", "1899-12-31T23:59:59.999999Z",
    ],
    "total_amount": ["0", "12.5", "9999999999.99"],
    "date": ["2025-04-01", "2025-04-02", "0001-01-01"],
    "id": ["1", "2", "3"],
    "days_since_prior_order": ["", "3", "366"],
    "add_to_cart_order": ["1", "1", "2147483647"],
    "reordered": ["0", "1", "0"],
}  # fmt: skip
OTHER_SPELLINGS = {"order_num": "0", "user_id": "00", "total_amount": "0", "id": "0"}
DIRT = [
    "", "x", "-1", "0", "1.5", "1.999", " 1", "+1", "1e3", "NULL", "NaN", "367", "2147483648",
    "99999999999999999999", "10000000000", "2025-02-30", "2025-4-1", "0000-01-01T00:00:00",
    "2025-04-01T24:00:00", "2025-04-01 11:27:00", "2025-04-01T11:27", "9999-12-31T23:30:00-02:00",
    "a,b", "a\nb", 'a "b"', " ", "a\ufffd",
]  # fmt: skip
REFUSALS = ["missing_column:user_id", "empty_file", "duplicate_column:date"]


@dataclass(frozen=True)
class Delivery:
    """One file, as the shop delivers it."""

    dataset: str
    name: str
    text: str
    delivered_at: datetime
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What one batch is to load, when it is planned, and whether its first attempt is undone."""

    planned_at: datetime
    deliveries: tuple[Delivery, ...]
    is_undone: bool = False


@st.composite
def rows(draw: Draw, dataset: str) -> list[str]:
    """Return the texts of a row in contract order; one in eight has a field of dirt."""
    variant = draw(st.integers(0, 2))
    row = {name: VARIANTS[name][variant] for name in COLUMNS[dataset] if name in VARIANTS}
    row |= {name: draw(st.sampled_from("123")) for name in KEYS[dataset]}
    if draw(st.booleans()):
        row |= {name: OTHER_SPELLINGS[name] + row[name] for name in row.keys() & OTHER_SPELLINGS}
    if not draw(st.integers(0, 7)):
        row[draw(st.sampled_from(sorted(row)))] = draw(st.sampled_from(DIRT))
    return [row[name] for name in COLUMNS[dataset]]


@st.composite
def files(draw: Draw, dataset: str) -> str:
    """Return the text of a file: columns in some order, perhaps one that nobody knows."""
    names = [*COLUMNS[dataset], *draw(st.sampled_from([[], [], ["shelf"]]))]
    order = draw(st.sampled_from([range(len(names)), range(len(names) - 1, -1, -1)]))
    is_quoted, newline = draw(st.booleans()), draw(st.sampled_from(["\n", "\n", "\r\n"]))
    lines = [[names[place] for place in order]]
    for row in draw(st.lists(rows(dataset), min_size=1, max_size=8)):
        fields = [*row, "A"][: len(names)]
        lines.append([fields[place] for place in order])
        misfit = draw(st.integers(0, 29))
        lines[-1] = {0: lines[-1][:-1], 1: [*lines[-1], ""]}.get(misfit, lines[-1])
    if newline != "\n":
        lines = [[field.replace("\n", " ") for field in line] for line in lines]
    text = newline.join(",".join(written(field, is_quoted) for field in line) for line in lines)
    mark, end = draw(st.sampled_from(["", "\ufeff"])), draw(st.sampled_from(["", newline]))
    return f"{mark}{text}{end}"


def written(field: str, is_quoted: bool) -> str:
    """Return a field as it is written into a file."""
    needs_quotes = is_quoted or any(character in field for character in ',"\n')
    return '"' + field.replace('"', '""') + '"' if needs_quotes else field


@st.composite
def deliveries(draw: Draw, datasets: Sequence[str] = (*COLUMNS, "order_items")) -> Delivery:
    """Return a new file; one in ten is refused whole."""
    dataset = draw(st.sampled_from(datasets))
    name = f"{draw(st.sampled_from('abc'))}.csv"
    delivered_at = day(draw(st.integers(0, 4)))
    text = draw(files(dataset))
    if draw(st.integers(0, 9)):
        return Delivery(dataset, name, text, delivered_at)
    refusals = draw(st.lists(st.sampled_from(REFUSALS), min_size=1, max_size=2, unique=True))
    return Delivery(dataset, name, text, delivered_at, tuple(refusals))


@st.composite
def plans(draw: Draw, max_batches: int = 4) -> list[Plan]:
    """Return batches in a row; each may have earlier files again, in any order."""
    found: list[Plan] = []
    planned_at = day(1)
    for _ in range(draw(st.integers(2, max_batches))):
        earlier = [each for plan in found for each in plan.deliveries]
        parents = st.tuples(deliveries(["products"]), deliveries(["orders"]))
        again = st.lists(st.sampled_from(earlier), max_size=2) if earlier else parents
        new = st.lists(deliveries(), max_size=4)
        chosen = {(each.dataset, each.name): each for each in [*draw(again), *draw(new)]}
        is_undone = not draw(st.integers(0, 7))
        found.append(Plan(planned_at, tuple(chosen.values()), is_undone))
        planned_at += day(draw(st.sampled_from([0, 1, 2, 3]))) - day(0)
    return [plan for plan in found if plan.deliveries]
