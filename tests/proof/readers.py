"""The same Delta table through three readers, in values that no reader's language bends.

Times are microseconds and dates are days since 1970, so neither a zone nor a calendar of Python's
comes in between; maps are lists of their pairs.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import duckdb_extension_delta
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DateType, MapType, TimestampType

Rows = list[tuple[Any, ...]]
Read = Callable[[SparkSession, Path], tuple[list[str], Rows]]
EXTENSION = Path(duckdb_extension_delta.__file__).parent / (
    f"extensions/v{duckdb.__version__}/delta.duckdb_extension"
)


def read_with_spark(spark: SparkSession, folder: Path) -> tuple[list[str], Rows]:
    """Return the names of the columns, and the rows, sorted."""
    table_df = spark.read.format("delta").load(str(folder))
    plain = [_plain_column(field.name, field.dataType) for field in table_df.schema]
    rows = [tuple(row) for row in table_df.select(*plain).collect()]
    return table_df.columns, _sorted(rows)


def read_with_delta_rs(_: SparkSession, folder: Path) -> tuple[list[str], Rows]:
    """Return the names of the columns, and the rows, sorted."""
    return _plain_rows(DeltaTable(str(folder)).to_pyarrow_table())


def read_with_duckdb(_: SparkSession, folder: Path) -> tuple[list[str], Rows]:
    """Return the names of the columns, and the rows, sorted; reads nothing from the network."""
    offline: dict[str, Any] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    with duckdb.connect(config=offline) as connection:
        connection.load_extension(str(EXTENSION))
        connection.execute("SET TimeZone = 'UTC'")
        scan = connection.execute("SELECT * FROM delta_scan(?)", [str(folder)])
        return _plain_rows(scan.to_arrow_table())


READERS: dict[str, Read] = {
    "Spark": read_with_spark,
    "delta-rs": read_with_delta_rs,
    "DuckDB": read_with_duckdb,
}


def _plain_column(name: str, type_: DataType) -> Column:
    if isinstance(type_, TimestampType):
        return F.unix_micros(name).alias(name)
    if isinstance(type_, DateType):
        return F.unix_date(name).alias(name)
    if isinstance(type_, MapType):
        return F.array_sort(F.map_entries(name)).alias(name)
    return F.col(name)


def _plain_rows(table: pa.Table) -> tuple[list[str], Rows]:
    columns = [_plain_values(column) for column in table.columns]
    return table.column_names, _sorted(list(zip(*columns, strict=True)))


def _plain_values(values: pa.ChunkedArray) -> Any:
    if pa.types.is_timestamp(values.type):
        assert values.type.tz is not None, "the reader lost the zone"
        return pc.cast(values.cast(pa.timestamp("us", "UTC")), pa.int64()).to_pylist()
    if pa.types.is_date(values.type):
        return values.cast(pa.int32()).to_pylist()
    if pa.types.is_map(values.type):
        return [None if pairs is None else sorted(pairs) for pairs in values.to_pylist()]
    return values.to_pylist()


def _sorted(rows: Rows) -> Rows:
    return sorted((tuple(map(_plain, row)) for row in rows), key=repr)


def _plain(value: Any) -> Any:
    """Return a list of Spark's rows, which a map's pairs are, as one of tuples."""
    if isinstance(value, list):
        return [tuple(each) if isinstance(each, tuple) else each for each in value]
    return value
