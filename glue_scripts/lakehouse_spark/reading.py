"""From the batch's CSV files to rows of text, each with the record and the file it came from."""

import re
from collections.abc import Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from lakehouse_spark.batches import PlannedFile
from lakehouse_spark.contract import Dataset
from lakehouse_spark.delta_log import java_class
from lakehouse_spark.inline import inline_rows
from lakehouse_spark.tables import REJECTED_SCHEMA

Layout = tuple[str, ...]

# The file, and the record: its fields in the order of header number _layout, the whole text where
# it does not fit the header, and for a parked row that is tried again its row in the table of
# rejects.
SOURCE_COLUMNS = ["_source_file", "_delivered_at", "_layout", "_fields", "_record", "_parked"]
FILE_SCHEMA = "_path string, _source_file string, _delivered_at timestamp"
PARKED_TYPE = f"struct<{REJECTED_SCHEMA}>"
CSV_OPTIONS = {
    "header": "true",
    "multiLine": "true",
    "escape": '"',
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": "_record",
}
GLOB_CHARACTERS = re.compile(r"([\\*?\[\]{}])")


def read_rows(
    spark: SparkSession, root: str, dataset: Dataset, files: Sequence[PlannedFile]
) -> DataFrame:
    """Return one row for each record of the files, which are under `root`; nothing is cast yet.

    Columns: ``_text_<name>`` for each delivered column of the contract, null where the file has no
    such column; ``_misfit``, the reason of a record that does not fit the header; SOURCE_COLUMNS.
    """
    headers = layouts(files)
    by_layout = [
        _read_layout(spark, root, [file for file in files if file.columns == header], header)
        .withColumn("_layout", F.lit(number))
        .transform(with_text_columns, dataset, header)
        for number, header in enumerate(headers)
    ]
    files_df = describe_files(spark, root, files)
    rows_df = reduce(DataFrame.unionByName, by_layout)
    rows_df = rows_df.withColumn("_parked", F.lit(None).cast(PARKED_TYPE))
    # Left, so that a row of no planned file is counted, and found out, by the ledger's balance.
    return rows_df.join(F.broadcast(files_df), on="_path", how="left").drop("_path")


def layouts(files: Sequence[PlannedFile]) -> list[Layout]:
    """Return the different headers of the files; ``_layout`` is a place in this list."""
    return sorted({file.columns for file in files})


def with_text_columns(fields_df: DataFrame, dataset: Dataset, header: Layout) -> DataFrame:
    """Find the contract's columns by header name, and keep all fields together as they came."""
    texts = [_text_column(each.name, header) for each in dataset.delivered]
    fields = F.array(*(F.col(_field(place)) for place in range(len(header))))
    return fields_df.select(
        *texts,
        misfit(F.col("_record"), len(header)).alias("_misfit"),
        "_path",
        "_layout",
        fields.alias("_fields"),
        "_record",
    )


def text_of(name: str) -> str:
    """Return the name of the column that holds the text of contract column `name`."""
    return f"_text_{name}"


def misfit(record: Column, width: int) -> Column:
    """Return ``short_record`` or ``long_record`` for the text of a record not `width` wide."""
    unescaped = F.replace(record, F.lit('""'), F.lit(""))
    unquoted = F.regexp_replace(unescaped, r'(^|,)"[^"]*("|\z)', "$1")
    commas = F.length(unquoted) - F.length(F.replace(unquoted, F.lit(","), F.lit("")))
    code = F.when(commas >= width, F.lit("long_record")).otherwise(F.lit("short_record"))
    return F.when(record.isNotNull(), code)


def describe_files(spark: SparkSession, root: str, files: Sequence[PlannedFile]) -> DataFrame:
    """Return one row a file: ``_path`` as Spark writes it, and the file's SOURCE_COLUMNS."""
    return inline_rows(spark, [_describe(spark, root, file) for file in files], FILE_SCHEMA)


def _describe(spark: SparkSession, root: str, file: PlannedFile) -> dict[str, str]:
    path = java_class(spark, "org.apache.hadoop.fs.Path")(f"{root}/{file.key}")
    return {
        "_path": path.toUri().toString(),
        "_source_file": file.key,
        "_delivered_at": file.delivered_at.isoformat(),
    }


def _read_layout(
    spark: SparkSession, root: str, files: Sequence[PlannedFile], header: Layout
) -> DataFrame:
    """Read the files by place, because a header may hold names that are no column names."""
    fields = [f"{_field(place)} string" for place in range(len(header))]
    schema = ", ".join([*fields, "_record string"])
    paths = [GLOB_CHARACTERS.sub(r"\\\1", f"{root}/{file.key}") for file in files]
    rows_df = spark.read.schema(schema).options(**CSV_OPTIONS).csv(paths)
    return rows_df.withColumn("_path", F.col("_metadata.file_path"))


def _text_column(name: str, header: Layout) -> Column:
    text = F.col(_field(header.index(name))) if name in header else F.lit(None).cast("string")
    return text.alias(text_of(name))


def _field(place: int) -> str:
    return f"field_{place}"
