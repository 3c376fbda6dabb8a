"""What is wrong with a record, and its category."""

from chispa import assert_column_equality
from lakehouse_spark.contract import Column, Dataset
from lakehouse_spark.reasons import category, check_rows, reasons, with_typed_columns
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

THING = Dataset(
    name="things",
    columns=(
        Column("id", "bigint", required=True, minimum=1),
        Column("size", "int", minimum=0, maximum=9),
        Column("color", "string", required=True, enum=("red", "blue")),
        Column("made_at", "timestamp"),
        Column("made_on", "date", expression="to_date(made_at)"),
        Column("made_in", "int", expression="year(made_on)"),
    ),
    key=("id",),
)
TEXT = (
    "_text_id string, _text_size string, _text_color string, _text_made_at string, _misfit string"
)


def judge(spark: SparkSession, cases: list[tuple[object, ...]]) -> DataFrame:
    df = spark.createDataFrame(cases, f"{TEXT}, expected array<string>")
    return df.transform(with_typed_columns, THING).withColumn("actual", reasons(THING))


def test_a_record_without_fault_has_no_reason(spark: SparkSession) -> None:
    df = judge(
        spark,
        [
            ("1", "9", "red", "2025-04-01T00:00:00", None, []),
            ("1", None, "blue", None, None, []),
        ],
    )
    assert_column_equality(df, "actual", "expected")


def test_each_fault_is_named_with_its_column(spark: SparkSession) -> None:
    df = judge(
        spark,
        [
            ("x", "1", "red", None, None, ["bad_number:id"]),
            ("1", "1", "red", "2025-02-30T00:00:00", None, ["bad_timestamp:made_at"]),
            (None, "1", "red", None, None, ["missing_value:id"]),
            ("0", "1", "red", None, None, ["out_of_range:id"]),
            ("1", "10", "red", None, None, ["out_of_range:size"]),
            ("1", "-1", "red", None, None, ["out_of_range:size"]),
            ("1", "1", "green", None, None, ["not_in_enum:color"]),
            (None, None, None, None, None, ["missing_value:id", "missing_value:color"]),
        ],
    )
    assert_column_equality(df, "actual", "expected")


def test_all_faults_of_a_record_are_named_in_the_order_of_the_contract(
    spark: SparkSession,
) -> None:
    expected = ["missing_value:id", "bad_number:size", "not_in_enum:color", "bad_timestamp:made_at"]
    df = judge(spark, [(None, "x", "green", "then", None, expected)])
    assert_column_equality(df, "actual", "expected")


def test_a_record_that_does_not_fit_has_no_other_reason(spark: SparkSession) -> None:
    df = judge(spark, [(None, "x", None, None, "short_record", ["short_record"])])
    assert_column_equality(df, "actual", "expected")


def test_derived_columns_follow_from_the_columns_above_them(spark: SparkSession) -> None:
    source = ", _source_file int, _delivered_at int"
    record = ", _layout int, _fields int, _record int, _parked struct<first_seen_at: timestamp>"
    rows = [("1", None, "red", "2025-04-01T23:00:00-02:00", None, *[0] * 5, None), (*[None] * 11,)]
    df = check_rows(spark.createDataFrame(rows, TEXT + source + record), THING)
    assert [str(row["made_on"]) for row in df.collect()] == ["2025-04-02", "None"]
    assert [row["made_in"] for row in df.collect()] == [2025, None]


def test_the_category_is_the_first_that_any_reason_has(spark: SparkSession) -> None:
    cases = [
        (["missing_value:id", "bad_date:day"], "schema_validation"),
        (["unknown_reference:id", "missing_value:id"], "data_quality"),
        (["unknown_reference:id"], "referential_integrity"),
        (["conflicting_duplicate"], "data_quality"),
        (["short_record"], "schema_validation"),
        ([], None),
        (None, None),
    ]
    df = spark.createDataFrame(cases, "reasons array<string>, expected string")
    df = df.withColumn("actual", category(F.col("reasons")))
    assert_column_equality(df, "actual", "expected")
