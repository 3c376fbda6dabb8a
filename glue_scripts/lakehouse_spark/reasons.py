"""What is wrong with a record: reason codes, as docs/records.md lists them, and their category."""

from collections.abc import Mapping
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from lakehouse_spark.casts import bad_text_code, with_values
from lakehouse_spark.contract import Column as ContractColumn
from lakehouse_spark.contract import Dataset
from lakehouse_spark.reading import SOURCE_COLUMNS, text_of

# The first category that any reason of a record has is the record's.
CATEGORIES = {
    "schema_validation": [
        "missing_column", "duplicate_column", "empty_file", "not_text", "short_record",
        "long_record", "bad_number", "bad_timestamp", "bad_date",
    ],
    "data_quality": ["missing_value", "out_of_range", "not_in_enum", "conflicting_duplicate"],
    "referential_integrity": ["unknown_reference"],
}  # fmt: skip
# What a later step may know of a row: when it was first parked, and the file of the row it lost to.
EARLIER = ["_first_seen_at", "_winner_file"]
# A file is rejected whole for its header only.
FILE_CATEGORY = "schema_validation"


def check_rows(text_df: DataFrame, dataset: Dataset) -> DataFrame:
    """Return the rows typed, with the array ``_reasons``, which is empty where all is well.

    Columns: the dataset's in table order, ``_reasons``, EARLIER, then reading.SOURCE_COLUMNS.
    """
    return (
        text_df
        .transform(with_typed_columns, dataset)
        .withColumn("_reasons", reasons(dataset))
        .transform(with_derived_columns, dataset)
        .withColumn("_first_seen_at", F.col("_parked.first_seen_at"))
        .withColumn("_winner_file", F.lit(None).cast("string"))
        .select(*dataset.column_names, "_reasons", *EARLIER, *SOURCE_COLUMNS)
    )


def with_typed_columns(text_df: DataFrame, dataset: Dataset) -> DataFrame:
    """Add each delivered column of the contract, typed, null where the text is not of the type."""
    return with_values(text_df, {each.name: (_text(each), each.type) for each in dataset.delivered})


def with_derived_columns(df: DataFrame, dataset: Dataset) -> DataFrame:
    """Add each derived column of the contract, in order, so that one may use another."""
    for column in dataset.derived:
        df = df.withColumn(column.name, F.expr(column.expression or "").cast(column.type))
    return df


def reasons(dataset: Dataset) -> Column:
    """Return all reasons against a record, in the contract's column order.

    A record that does not fit the header has that reason only: its values are in no known column.
    """
    fits = F.col("_misfit").isNull()
    checks = {
        name: is_so for column in dataset.delivered for name, is_so in _checks(column).items()
    }
    is_faulty = reduce(lambda one, other: one | other, checks.values())
    return (
        F
        .when(~fits, F.array("_misfit"))
        # Spark does not compile array_compact, and so not this select as one with the casts: as one
        # it is too large for the JVM, which would interpret it.
        .when(is_faulty, F.array_compact(each_that_is(checks)))
        .otherwise(F.array().cast("array<string>"))
    )


def each_that_is(checks: Mapping[str, Column]) -> Column:
    """Return an array of the reasons in their order, null for each whose check is not true."""
    return F.array(*(F.when(is_so, F.lit(name)) for name, is_so in checks.items()))


def category(reasons_col: Column) -> Column:
    """Return the category of an array of reasons, null where it is empty."""
    text = F.concat_ws("\n", reasons_col)
    known = {
        name: text.rlike(rf"(?m)^({'|'.join(codes)})(:|$)") for name, codes in CATEGORIES.items()
    }
    found = F.coalesce(*(F.when(is_so, F.lit(name)) for name, is_so in known.items()))
    return F.when(F.size(reasons_col) > F.lit(0), found)


def _checks(column: ContractColumn) -> dict[str, Column]:
    """Return for each reason against a value whether it is so, which may be null."""
    text, value = _text(column), F.col(column.name)
    found = {bad_text_code(column.type): text.isNotNull() & value.isNull()}
    if column.required:
        found["missing_value"] = text.isNull()
    if column.minimum is not None or column.maximum is not None:
        found["out_of_range"] = _outside(value, column)
    if column.enum:
        found["not_in_enum"] = ~value.isin(*column.enum)
    return {f"{code}:{column.name}": is_so for code, is_so in found.items()}


def _outside(value: Column, column: ContractColumn) -> Column:
    below = F.lit(False) if column.minimum is None else value < _limit(column, column.minimum)
    above = F.lit(False) if column.maximum is None else value > _limit(column, column.maximum)
    return below | above


def _limit(column: ContractColumn, limit: int | float | str) -> Column:
    return F.lit(limit).cast(column.type)


def _text(column: ContractColumn) -> Column:
    return F.col(text_of(column.name))
