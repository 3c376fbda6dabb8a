"""Text to typed values: what is taken, and what is null."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from chispa import assert_column_equality
from lakehouse_spark.casts import bad_text_code, with_values
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

WHOLE = [
    ("7", 7),
    ("-7", -7),
    ("007", 7),
    ("-0", 0),
    ("2147483647", 2147483647),
    ("2147483648", None),
    ("+7", None),
    (" 7", None),
    ("7 ", None),
    ("7\n", None),
    ("7.0", None),
    ("1e3", None),
    ("NaN", None),
    ("1,000", None),
    ("\u0667", None),
    ("-", None),
    ("", None),
    (None, None),
]
MONEY = [
    ("9.99", Decimal("9.99")),
    ("-9.9", Decimal("-9.90")),
    ("9", Decimal("9.00")),
    ("9999999999.99", Decimal("9999999999.99")),
    ("10000000000.00", None),
    ("1.999", None),
    ("1.990", None),
    (".5", None),
    ("5.", None),
    ("1e3", None),
    ("$5", None),
    (None, None),
]
RATIO = [("0.125", 0.125), ("-3", -3.0), ("1e3", None), ("NaN", None), (None, None)]
MOMENTS = [
    ("2025-04-01T11:27:00", datetime(2025, 4, 1, 11, 27)),
    ("2025-04-01T11:27:00.5", datetime(2025, 4, 1, 11, 27, 0, 500000)),
    ("2025-04-01T11:27:00.123456", datetime(2025, 4, 1, 11, 27, 0, 123456)),
    ("2025-04-01T11:27:00Z", datetime(2025, 4, 1, 11, 27)),
    ("2025-04-01T23:30:00-02:00", datetime(2025, 4, 2, 1, 30)),
    ("2025-04-01T00:30:00.25+05:30", datetime(2025, 3, 31, 19, 0, 0, 250000)),
    ("2024-02-29T00:00:00", datetime(2024, 2, 29)),
    ("1850-01-01T00:00:00", datetime(1850, 1, 1)),
    ("2025-02-29T00:00:00", None),
    ("2025-13-01T00:00:00", None),
    ("2025-04-01T24:00:00", None),
    ("2025-04-01T11:60:00", None),
    ("2025-04-01T11:27:61", None),
    ("2025-04-01T11:27:00.1234567", None),
    ("2025-04-01T11:27:00+99:00", None),
    ("9999-12-31T23:59:59-01:00", None),
    ("0000-01-01T00:00:00", None),
    ("2025-04-01 11:27:00", None),
    ("2025-04-01T11:27", None),
    ("2025-04-01", None),
    (" 2025-04-01T11:27:00", None),
    ("2025-04-01T11:27:00\n", None),
    ("yesterday", None),
    (None, None),
]
DAYS = [
    ("2025-04-01", date(2025, 4, 1)),
    ("2024-02-29", date(2024, 2, 29)),
    ("2025-02-30", None),
    ("2025-04", None),
    ("2025-4-1", None),
    ("01.04.2025", None),
    ("2025-04-01T00:00:00", None),
    ("0000-01-01", None),
    (None, None),
]
TEXTS = [("Apple", "Apple"), (" Apple ", " Apple "), ("NULL", "NULL"), ("a\ufffd", None),
         ("a\0", None), (None, None)]  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "cases"),
    [
        pytest.param("int", WHOLE, id="whole numbers"),
        pytest.param("bigint", [("9223372036854775807", 2**63 - 1), ("9223372036854775808", None),
                                (None, None)], id="long whole numbers"),
        pytest.param("decimal(12,2)", MONEY, id="decimals"),
        pytest.param("decimal(3,0)", [("12", Decimal(12)), ("12.0", None), ("1234", None),
                                      (None, None)], id="decimals without a fraction"),
        pytest.param("double", RATIO, id="floating point"),
        pytest.param("timestamp", MOMENTS, id="timestamps"),
        pytest.param("date", DAYS, id="dates"),
        pytest.param("string", TEXTS, id="strings"),
    ],
)  # fmt: skip
def test_text_is_cast_strictly(
    spark: SparkSession, type_: str, cases: list[tuple[str | None, object]]
) -> None:
    df = spark.createDataFrame(cases, f"text string, expected {type_}")
    actual_df = with_values(df, {"actual": (F.col("text"), type_)})
    assert_column_equality(actual_df, "actual", "expected")


@pytest.mark.parametrize(
    ("type_", "code"),
    [
        ("int", "bad_number"),
        ("decimal(12,2)", "bad_number"),
        ("timestamp", "bad_timestamp"),
        ("date", "bad_date"),
        ("string", "not_text"),
    ],
)
def test_bad_text_is_named_by_the_kind_of_type(type_: str, code: str) -> None:
    assert bad_text_code(type_) == code
