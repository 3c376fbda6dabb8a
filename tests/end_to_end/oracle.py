"""What a load of CSV files into empty tables must give, without Spark or any code of the job.

The rules are written out again here, by hand, from docs/records.md and the contract's prose.
"""

import csv
import io
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

COLUMNS = {
    "products": ["product_id", "department_id", "department", "product_name"],
    "orders": ["order_num", "order_id", "user_id", "order_timestamp", "total_amount", "date"],
    "order_items": [
        "id", "order_id", "user_id", "days_since_prior_order", "product_id",
        "add_to_cart_order", "reordered", "order_timestamp", "date",
    ],
}  # fmt: skip
KEYS = {
    "products": ["product_id"],
    "orders": ["order_id"],
    "order_items": ["order_id", "product_id"],
}
TEXTS = {"department", "product_name"}
OPTIONAL = {"days_since_prior_order"}
AT_LEAST_ZERO = {"total_amount", "days_since_prior_order"}
PARENTS = {"order_id": "orders", "product_id": "products"}
CATEGORIES = {
    "missing_column": "schema_validation",
    "short_record": "schema_validation",
    "long_record": "schema_validation",
    "bad_number": "schema_validation",
    "bad_timestamp": "schema_validation",
    "bad_date": "schema_validation",
    "missing_value": "data_quality",
    "out_of_range": "data_quality",
    "not_in_enum": "data_quality",
    "conflicting_duplicate": "data_quality",
    "unknown_reference": "referential_integrity",
}
ORDER = ["schema_validation", "data_quality", "referential_integrity"]

Row = dict[str, Any]


@dataclass
class Expected:
    """Tables by dataset and key; rejects by dataset, file, category and reasons; outcomes.

    Among the rejects are the parked rows, all those of category referential_integrity.
    """

    tables: dict[str, dict[tuple[Any, ...], Row]] = field(default_factory=dict)
    rejects: Counter[tuple[str, str, str, tuple[str, ...]]] = field(default_factory=Counter)
    outcomes: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    read: Counter[str] = field(default_factory=Counter)
    files_rejected: Counter[str] = field(default_factory=Counter)


def expect(folder: Path) -> Expected:
    """Return what a first load of `folder` (``<dataset>/*.csv``) must give."""
    expected = Expected()
    for dataset in ("products", "orders", "order_items"):
        passed: list[tuple[Row, str]] = []
        for path in sorted((folder / dataset).glob("*.csv")):
            passed += _read(dataset, path, expected)
        winners = _settle_duplicates(dataset, passed, expected)
        expected.tables[dataset] = _refer(dataset, winners, expected)
        expected.outcomes[dataset]["inserted"] = len(expected.tables[dataset])
    return expected


def _read(dataset: str, path: Path, expected: Expected) -> list[tuple[Row, str]]:
    lines = csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
    header = next(lines)
    missing = [column for column in COLUMNS[dataset] if column not in header]
    if missing:
        _reject(dataset, path.name, [f"missing_column:{c}" for c in missing], expected, file=True)
        return []
    passed = []
    for fields in filter(None, lines):
        expected.read[dataset] += 1
        row, reasons = _judge(dataset, header, fields)
        if reasons:
            _reject(dataset, path.name, reasons, expected)
        else:
            passed.append((row, path.name))
    return passed


def _judge(dataset: str, header: list[str], fields: list[str]) -> tuple[Row, list[str]]:
    if len(fields) != len(header):
        return {}, ["short_record" if len(fields) < len(header) else "long_record"]
    texts = dict(zip(header, fields, strict=True))
    row: Row = {}
    reasons = []
    for column in COLUMNS[dataset]:
        row[column], reason = _value(column, texts[column])
        reasons += [f"{reason}:{column}"] if reason else []
    if dataset != "products" and row["order_timestamp"]:
        row["order_date"] = row["order_timestamp"].date()
    return row, reasons


def _value(column: str, text: str) -> tuple[Any, str | None]:
    if text == "":
        return None, None if column in OPTIONAL else "missing_value"
    if column in TEXTS:
        return text, None
    if column == "order_timestamp":
        return _moment(text)
    if column == "date":
        return _day(text)
    return _number(column, text)


def _moment(text: str) -> tuple[datetime | None, str | None]:
    try:
        if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text):
            raise ValueError
        return datetime.fromisoformat(text).replace(tzinfo=UTC), None
    except ValueError:
        return None, "bad_timestamp"


def _day(text: str) -> tuple[date | None, str | None]:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date(), None
    except ValueError:
        return None, "bad_date"


def _number(column: str, text: str) -> tuple[Any, str | None]:
    decimal = column == "total_amount"
    if not re.fullmatch(r"-?\d+(\.\d{1,2})?" if decimal else r"-?\d+", text):
        return None, "bad_number"
    value = Decimal(text) if decimal else int(text)
    if column == "reordered":
        return value, None if value in (0, 1) else "not_in_enum"
    return value, None if value >= (0 if column in AT_LEAST_ZERO else 1) else "out_of_range"


def _settle_duplicates(
    dataset: str, passed: list[tuple[Row, str]], expected: Expected
) -> dict[tuple[Any, ...], tuple[Row, str]]:
    by_key: dict[tuple[Any, ...], list[tuple[Row, str]]] = defaultdict(list)
    for row, name in passed:
        by_key[tuple(row[column] for column in KEYS[dataset])].append((row, name))
    return {key: _winner(dataset, rows, expected) for key, rows in by_key.items()}


def _winner(dataset: str, rows: list[tuple[Row, str]], expected: Expected) -> tuple[Row, str]:
    """The sample's equal keys lie in one file, so the columns alone decide: the greatest wins."""
    rows = sorted(rows, key=lambda item: _order(dataset, item[0]), reverse=True)
    seen = [rows[0][0]]
    for row, name in rows[1:]:
        if row in seen:
            expected.outcomes[dataset]["duplicate"] += 1
        else:
            seen.append(row)
            _reject(dataset, name, ["conflicting_duplicate"], expected)
    return rows[0]


def _order(dataset: str, row: Row) -> list[tuple[bool, Any]]:
    return [(row[c] is not None, row[c] if row[c] is not None else 0) for c in COLUMNS[dataset]]


def _refer(
    dataset: str, winners: dict[tuple[Any, ...], tuple[Row, str]], expected: Expected
) -> dict[tuple[Any, ...], Row]:
    if dataset != "order_items":
        return {key: row for key, (row, _) in winners.items()}
    known = {}
    for key, (row, name) in winners.items():
        unknown = [c for c, parent in PARENTS.items() if (row[c],) not in expected.tables[parent]]
        if unknown:
            reasons = [f"unknown_reference:{c}" for c in unknown]
            _reject(dataset, name, reasons, expected, outcome="parked")
        else:
            known[key] = row
    return known


def _reject(
    dataset: str,
    name: str,
    reasons: list[str],
    expected: Expected,
    file: bool = False,
    outcome: str = "rejected",
) -> None:
    categories = {CATEGORIES[reason.split(":")[0]] for reason in reasons}
    category = next(c for c in ORDER if c in categories)
    expected.rejects[dataset, name, category, tuple(sorted(reasons))] += 1
    if file:
        expected.files_rejected[dataset] += 1
    else:
        expected.outcomes[dataset][outcome] += 1
