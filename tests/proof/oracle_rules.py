"""What a file's records are worth, in plain Python, by the prose of docs/input-rules.md alone."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

# A column's type, and whether it is required; then its least and greatest value.
Rule = tuple[str, bool, int | None, int | None]
ID: Rule = ("bigint", True, 1, None)
TEXT: Rule = ("string", True, None, None)
TIME: Rule = ("timestamp", True, None, None)
DAY: Rule = ("date", True, None, None)

COLUMNS: dict[str, dict[str, Rule]] = {
    "products": {"product_id": ID, "department_id": ID, "department": TEXT, "product_name": TEXT},
    "orders": {
        "order_num": ("int", True, 1, None),
        "order_id": ID,
        "user_id": ID,
        "order_timestamp": TIME,
        "total_amount": ("decimal", True, 0, None),
        "date": DAY,
    },
    "order_items": {
        "id": ID,
        "order_id": ID,
        "user_id": ID,
        "days_since_prior_order": ("int", False, 0, 366),
        "product_id": ID,
        "add_to_cart_order": ("int", True, 1, None),
        "reordered": ("int", True, None, None),
        "order_timestamp": TIME,
        "date": DAY,
    },
}
KEYS = {
    "products": ["product_id"],
    "orders": ["order_id"],
    "order_items": ["order_id", "product_id"],
}
# By dataset: a column, and the dataset whose key it must be.
PARENTS = {"order_items": {"order_id": "orders", "product_id": "products"}}
ENUMS = {"reordered": {0, 1}}
CATEGORIES = {
    "missing_value": "data_quality",
    "out_of_range": "data_quality",
    "not_in_enum": "data_quality",
    "conflicting_duplicate": "data_quality",
    "unknown_reference": "referential_integrity",
}
WORST_FIRST = ["schema_validation", "data_quality", "referential_integrity"]
BAD_TEXTS = {"date": "bad_date", "timestamp": "bad_timestamp", "string": "not_text"}
BITS = {"int": 31, "bigint": 63}


@dataclass(frozen=True)
class Record:
    """One record of a file as it came: its text, and its fields, of which an empty one is None."""

    text: str
    fields: tuple[str | None, ...]


def records(text: str) -> Iterator[Record]:
    """Return the records of a file, the header first; blank lines are none."""
    begin, quoted = 0, False
    text = text.removeprefix("\ufeff")
    for place, character in enumerate(text):
        quoted ^= character == '"'
        if character == "\n" and not quoted:
            yield from _record(text[begin:place])
            begin = place + 1
    yield from _record(text[begin:])


def _record(line: str) -> Iterator[Record]:
    line = line.removesuffix("\r")
    if line:
        fields = re.findall(r'(?:^|,)("(?:[^"]|"")*"|[^,]*)', line)
        yield Record(line, tuple(_unquoted(field) or None for field in fields))


def _unquoted(field: str) -> str:
    return field[1:-1].replace('""', '"') if field.startswith('"') else field


def judge(
    dataset: str, header: tuple[str, ...], record: Record
) -> tuple[tuple[Any, ...] | None, list[str]]:
    """Return the record's values in contract order, or None and all that is wrong with it."""
    if len(record.fields) != len(header):
        return None, ["short_record" if len(record.fields) < len(header) else "long_record"]
    texts = dict(zip(header, record.fields, strict=True))
    judged = [_value(name, rule, texts.get(name)) for name, rule in COLUMNS[dataset].items()]
    reasons = [reason for _, reason in judged if reason]
    values = [value for value, _ in judged]
    return (None, reasons) if reasons else (tuple(_with_derived(dataset, values)), [])


def category(reasons: list[str]) -> str:
    """Return the category of a reject: the first of WORST_FIRST that any reason is of."""
    found = {CATEGORIES.get(reason.split(":")[0], "schema_validation") for reason in reasons}
    return next(each for each in WORST_FIRST if each in found)


def columns_of_table(dataset: str) -> list[str]:
    """Return the contract's columns, the derived one last."""
    return [*COLUMNS[dataset], *([] if dataset == "products" else ["order_date"])]


def _with_derived(dataset: str, values: list[Any]) -> list[Any]:
    names = list(COLUMNS[dataset])
    if "order_timestamp" in names:
        return [*values, values[names.index("order_timestamp")].date()]
    return values


def _value(name: str, rule: Rule, text: str | None) -> tuple[Any, str | None]:
    type_, is_required, least, greatest = rule
    if text is None:
        return None, f"missing_value:{name}" if is_required else None
    value = _cast(type_, text)
    if value is None:
        return None, f"{BAD_TEXTS.get(type_, 'bad_number')}:{name}"
    if (least is not None and value < least) or (greatest is not None and value > greatest):
        return None, f"out_of_range:{name}"
    if name in ENUMS and value not in ENUMS[name]:
        return None, f"not_in_enum:{name}"
    return value, None


def _cast(type_: str, text: str) -> Any:
    """Return the value of a text, or None where it is not of the type."""
    try:
        return _integer(text, BITS[type_]) if type_ in BITS else CASTS[type_](text)
    except (ValueError, OverflowError):
        return None


def _integer(text: str, bits: int) -> int:
    _demand(r"-?[0-9]+", text)
    if not -(2**bits) <= int(text) < 2**bits:
        raise OverflowError
    return int(text)


def _amount(text: str) -> Decimal:
    _demand(r"-?[0-9]+(\.[0-9]{1,2})?", text)
    if abs(Decimal(text)) >= 10**10:
        raise OverflowError
    return Decimal(text)


def _day(text: str) -> date:
    _demand(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    _demand(r"[^T]{10}T[^T:]{2}:[^T:]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?", text)
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)


def _text(text: str) -> str:
    _demand(r"[^\0\ufffd]*", text)
    return text


def _demand(pattern: str, text: str) -> None:
    if not re.fullmatch(pattern, text):
        raise ValueError(text)


CASTS: dict[str, Callable[[str], Any]] = {
    "string": _text,
    "timestamp": _moment,
    "date": _day,
    "decimal": _amount,
}
