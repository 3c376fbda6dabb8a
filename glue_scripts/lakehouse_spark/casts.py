"""Column functions from text in a file to a typed value; text that is not of the type is null."""

import re

from pyspark.sql import Column
from pyspark.sql import functions as F

NUMBER = r"\A-?[0-9]+\z"
FRACTION = r"\A-?[0-9]{{1,300}}(\.[0-9]{{1,{digits}}})?\z"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
CLOCK = r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"


def cast_text(text: Column, type_: str) -> Column:
    """Return `text` as a value of the contract type `type_`, null where it is not one."""
    if type_ == "string":
        return text
    if type_ == "timestamp":
        return moment(text)
    if type_ == "date":
        return day(text)
    return number(text, type_)


def bad_text_code(type_: str) -> str:
    """Return the reason code of a text that is not of the contract type `type_`."""
    return {"date": "bad_date", "timestamp": "bad_timestamp"}.get(type_, "bad_number")


def number(text: Column, type_: str) -> Column:
    """Return a number: an optional minus and digits, a fraction of at most the type's digits.

    No spaces, plus sign, exponent or bare point; null too where the type can't hold the value.
    """
    return F.when(text.rlike(_number_pattern(type_)), text.cast(type_))


def moment(text: Column) -> Column:
    """Return the timestamp of ``YYYY-MM-DDTHH:MM:SS[.ffffff][Z|±HH:MM]``; UTC without an offset."""
    timestamp = F.when(text.rlike(rf"\A{DAY}{CLOCK}\z"), text.cast("timestamp"))
    return _within_calendar(timestamp)


def day(text: Column) -> Column:
    """Return the date of ``YYYY-MM-DD``."""
    return _within_calendar(F.when(text.rlike(rf"\A{DAY}\z"), text.cast("date")))


def _number_pattern(type_: str) -> str:
    decimal = re.fullmatch(r"decimal\(\d+,(\d+)\)", type_)
    digits = 300 if type_ == "double" else int(decimal[1]) if decimal else 0
    return FRACTION.format(digits=digits) if digits else NUMBER


def _within_calendar(value: Column) -> Column:
    """Keep the years 1 to 9999, which every reader can show; an offset can lead out of them."""
    return F.when(F.year(value).between(1, 9999), value)
