"""A few rows that we know, as part of a plan: there is no job to make them."""

from collections.abc import Mapping, Sequence
from typing import Any

from py4j.java_collections import ListConverter  # type: ignore[import-untyped]
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import ArrayType, MapType, StructField

from lakehouse_spark.delta_log import java_class, parse_schema


def inline_rows(
    spark: SparkSession, rows: Sequence[Mapping[str, object]], schema: str
) -> DataFrame:
    """Return the rows in the columns of `schema`, null where a row has no value for one.

    Times are texts in ISO 8601.
    """
    fields = parse_schema(spark, schema).fields
    names = [field.name for field in fields]
    table = [_java_row(spark, [_value(row.get(name)) for name in names]) for row in rows]
    texts = ", ".join(f"{field.name} {_type_of_text(field)}" for field in fields)
    java_schema = java_class(spark, "org.apache.spark.sql.types.StructType").fromDDL(texts)
    texts_df = DataFrame(spark._jsparkSession.createDataFrame(table, java_schema), spark)
    types = {field.name: field.dataType.simpleString() for field in fields}
    return texts_df.select(*(F.col(name).cast(types[name]).alias(name) for name in names))


def _type_of_text(field: StructField) -> str:
    """Return the type as which a value comes from Python: what can be cast from a text is one."""
    is_container = isinstance(field.dataType, ArrayType | MapType)
    return field.dataType.simpleString() if is_container else "string"


def _value(value: object) -> object:
    if value is None:
        return None
    return list(value) if isinstance(value, list | tuple) else str(value)


def _java_row(spark: SparkSession, values: Sequence[object]) -> Any:
    client = spark._jvm._gateway_client  # type: ignore[union-attr]
    array = ListConverter().convert(values, client).toArray()
    return java_class(spark, "org.apache.spark.sql.RowFactory").create(array)
