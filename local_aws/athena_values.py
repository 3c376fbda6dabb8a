"""Values and types as Athena's results show them."""

import io
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Row = Sequence[str | None]

# DuckDB's names of types; what is missing here is shown as varchar.
TYPES = {
    "boolean": "boolean", "tinyint": "tinyint", "smallint": "smallint", "integer": "integer",
    "bigint": "bigint", "hugeint": "bigint", "utinyint": "smallint", "usmallint": "integer",
    "uinteger": "bigint", "ubigint": "bigint", "float": "float", "double": "double",
    "decimal": "decimal", "date": "date", "time": "time", "timestamp": "timestamp",
    "timestamp with time zone": "timestamp with time zone", "blob": "varbinary",
    "list": "array", "array": "array", "map": "map", "struct": "row", "json": "json",
}  # fmt: skip
PRECISIONS = {
    "boolean": 0, "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "float": 17,
    "double": 17, "date": 0, "timestamp": 3, "timestamp with time zone": 3, "varchar": 2147483647,
}  # fmt: skip


def column_info(name: str, duckdb_type: Any) -> dict[str, Any]:
    """Return a column's entry in ResultSetMetadata."""
    kind = TYPES.get(duckdb_type.id, "varchar")
    decimal = dict(duckdb_type.children) if kind == "decimal" else {}
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": kind,
        "Precision": decimal.get("precision", PRECISIONS.get(kind, 0)),
        "Scale": decimal.get("scale", 0),
        "Nullable": "UNKNOWN",
        "CaseSensitive": kind == "varchar",
    }


def athena_text(value: Any) -> str | None:
    """Return a value as Athena writes it into a result; None for null."""
    return None if value is None else text(value)


def text(value: Any) -> str:
    """Return a value's text, at the top of a row or within an array, a map or a row."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float():
            return double_text(value)
        case Decimal():
            return format(value, "f")
        case datetime():
            return timestamp_text(value)
        case bytes():
            return value.hex(" ")
        case list() | tuple():
            return f"[{', '.join(text(part) for part in value)}]"
        case dict():
            return f"{{{', '.join(f'{text(key)}={text(part)}' for key, part in value.items())}}}"
        case timedelta():
            return interval_text(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def double_text(value: float) -> str:
    """Return a double as Java writes it: 12.0, 1.0E7, 1.2E-4."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return format(Decimal(repr(value)), "f")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, rest = str(digits[0]), "".join(map(str, digits[1:])) or "0"
    return f"{'-' if sign else ''}{first}.{rest}E{int(exponent) + len(digits) - 1}"


def timestamp_text(value: datetime) -> str:
    """Return a timestamp to the millisecond, in UTC; a zone is named only if the type has one."""
    zone = "" if value.tzinfo is None else " UTC"
    utc = value if value.tzinfo is None else value.astimezone(UTC)
    rounded = utc + timedelta(microseconds=500)
    return f"{rounded:%Y-%m-%d %H:%M:%S}.{rounded.microsecond // 1000:03}{zone}"


def interval_text(value: timedelta) -> str:
    """Return an interval in days, hours, minutes, seconds: 2 03:04:05.000."""
    sign = "-" if value < timedelta() else ""
    seconds, milliseconds = divmod(abs(value) // timedelta(milliseconds=1), 1000)
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    return f"{sign}{days} {hours % 24:02}:{minutes % 60:02}:{seconds % 60:02}.{milliseconds:03}"


def result_csv(names: list[str], rows: Iterable[Row]) -> bytes:
    """Return the result file: every value quoted, a null left empty."""
    lines = io.StringIO(newline="")
    for row in (names, *rows):
        lines.write(",".join("" if value is None else quoted(value) for value in row) + "\n")
    return lines.getvalue().encode()


def quoted(value: str) -> str:
    """Return the value between quotes, with its own doubled."""
    return '"' + value.replace('"', '""') + '"'
