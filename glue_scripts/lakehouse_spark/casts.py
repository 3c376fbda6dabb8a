"""Column functions from text in a file to a typed value; text that is not of the type is null."""

import re
from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

NUMBER = r"\A-?[0-9]+\z"
FRACTION = r"\A-?[0-9]{{1,300}}(\.[0-9]{{1,{digits}}})?\z"
DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
CLOCK = r"T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})?"
# What Spark reads for bytes that are not UTF-8.
NO_CHARACTER = "\ufffd"
WHOLE_TYPES = ["tinyint", "smallint", "int", "bigint"]
# An offset can lead out of the years that four digits can write.
CALENDAR = {
    "date": ("0001-01-01", "9999-12-31"),
    "timestamp": ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
}


def with_values(df: DataFrame, texts: Mapping[str, tuple[Column, str]]) -> DataFrame:
    """Add a column for each text and its contract type: the value, null where it is not one.

    In two steps, because Spark would cast a text for each place where one step names its value.
    """
    cast_df = df.withColumns({name: cast_text(*text) for name, text in texts.items()})
    limited = {
        name: F.when(F.col(name).between(*calendar(type_)), F.col(name))
        for name, (_, type_) in texts.items()
        if type_ in CALENDAR
    }
    return cast_df.withColumns(limited) if limited else cast_df


def cast_text(text: Column, type_: str) -> Column:
    """Return `text` as a value of the contract type `type_`, of any year where it is a time."""
    if type_ == "string":
        return F.when(~(text.contains(NO_CHARACTER) | text.contains("\0")), text)
    if type_ == "timestamp":
        return F.when(text.rlike(rf"\A{DAY}{CLOCK}\z"), text.cast("timestamp"))
    if type_ == "date":
        return F.when(text.rlike(rf"\A{DAY}\z"), text.cast("date"))
    return number(text, type_)


def calendar(type_: str) -> tuple[Column, Column]:
    """Return the first and the last value that every reader can show, of the years 1 to 9999."""
    first, last = CALENDAR[type_]
    return F.lit(first).cast(type_), F.lit(last).cast(type_)


def bad_text_code(type_: str) -> str:
    """Return the reason code of a text that is not of the contract type `type_`."""
    codes = {"date": "bad_date", "timestamp": "bad_timestamp", "string": "not_text"}
    return codes.get(type_, "bad_number")


def number(text: Column, type_: str) -> Column:
    """Return a number: an optional minus and digits, a fraction of at most the type's digits.

    No spaces, plus sign, exponent or bare point; null too where the type can't hold the value.
    """
    value, is_number = text.cast(type_), text.rlike(_number_pattern(type_))
    if type_ not in WHOLE_TYPES:
        return F.when(is_number, value)
    # Most texts are as Spark would write the value, which is quicker to see than that they match.
    return F.when(value.cast("string") == text, value).when(is_number, value)


def _number_pattern(type_: str) -> str:
    decimal = re.fullmatch(r"decimal\(\d+,(\d+)\)", type_)
    digits = 300 if type_ == "double" else int(decimal[1]) if decimal else 0
    return FRACTION.format(digits=digits) if digits else NUMBER
