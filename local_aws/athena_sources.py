"""The tables of the catalog as DuckDB gets them: Delta, Parquet in a folder a key, JSON lines."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

# Here, not where it is first needed: loaded by the thread of a query, Arrow's allocator takes the
# process down once that thread is gone.
import pyarrow.dataset
import pyarrow.parquet
from deltalake import DeltaTable
from deltalake.schema import Field, PrimitiveType
from duckdb import DuckDBPyConnection
from mypy_boto3_s3 import S3Client

from local_aws.athena_conditions import Texts
from local_aws.athena_sql import Columns, QueryError, hive_type
from local_aws.delta_tables import athena_type, open_delta_table
from local_aws.external_tables import injected_key, is_json_lines

HIDDEN = ("_", ".")  # Athena passes over objects whose names start so
NOT_FIXED = (
    "CONSTRAINT_VIOLATION: For the injected projected partition column {}, the WHERE clause must "
    "contain only static equality conditions, and at least one such condition must be present."
)


class Source(Protocol):
    """A table that a query reads."""

    @property
    def columns(self) -> Columns:
        """Return the columns with their Athena types."""

    def attach(self, duckdb: DuckDBPyConnection, name: str, uses: list[Texts]) -> None:
        """Give DuckDB the table under this name, as far as the query's WHEREs need it."""


@dataclass(frozen=True)
class DeltaSource:
    """A Delta table, at its newest version."""

    table: DeltaTable

    @property
    def columns(self) -> Columns:
        """Return the columns with their Athena types."""
        return {field.name.lower(): athena_type(field.type) for field in self._fields}

    def attach(self, duckdb: DuckDBPyConnection, name: str, uses: list[Texts]) -> None:
        """Make a view over the files; its timestamps are UTC and say no zone."""
        files: pyarrow.dataset.Dataset = self.table.to_pyarrow_dataset()
        duckdb.register(f"files of {name}", files)
        columns, view = ", ".join(map(column, self._fields)), identifier(f"files of {name}")
        duckdb.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM {view}")

    @property
    def _fields(self) -> list[Field]:
        return self.table.schema().fields


@dataclass(frozen=True)
class InjectedParquet:
    """Parquet files in a folder for each value of the one partition key, which the query names."""

    table: dict[str, Any]
    key: str
    s3: S3Client

    @property
    def columns(self) -> Columns:
        """Return the columns with their Athena types."""
        return described_columns(self.table)

    def attach(self, duckdb: DuckDBPyConnection, name: str, uses: list[Texts]) -> None:
        """Make a table of the rows in the named folders.

        Raises:
            QueryError: a place of the query that names none.
        """
        if not all(self.key in texts for texts in uses):
            raise QueryError(NOT_FIXED.format(self.key))
        create_empty(duckdb, name, self.columns)
        for value in set().union(*(texts[self.key] for texts in uses)):
            for rows in self._read(value):
                self._insert(duckdb, name, rows, value)

    def _insert(
        self, duckdb: DuckDBPyConnection, name: str, rows: pyarrow.Table, value: str
    ) -> None:
        """Add one file's rows; a column that the file has not is null."""
        view, key = f"files of {name}", identifier(self.key)
        duckdb.register(view, rows)
        source = f"SELECT *, ? AS {key} FROM {identifier(view)}"
        duckdb.execute(f"INSERT INTO {name} BY NAME {source}", [value])

    def _read(self, value: str) -> Iterator[pyarrow.Table]:
        """Yield the rows of each file in the value's folder, without what the catalog knows not."""
        template = self.table["Parameters"]["storage.location.template"]
        location = template.replace(f"${{{self.key}}}", value)
        wanted = set(self.columns) - {self.key}
        for content in files_under(self.s3, location):
            rows = pyarrow.parquet.read_table(io.BytesIO(content))
            yield rows.select([name for name in rows.column_names if name in wanted])


@dataclass(frozen=True)
class JsonLines:
    """Files of one JSON object a line; the columns hold texts and numbers."""

    table: dict[str, Any]
    s3: S3Client

    @property
    def columns(self) -> Columns:
        """Return the columns with their Athena types."""
        return described_columns(self.table)

    def attach(self, duckdb: DuckDBPyConnection, name: str, uses: list[Texts]) -> None:
        """Make a table of all lines; a column that a line has not is null."""
        create_empty(duckdb, name, self.columns)
        lines = [
            [json.loads(line).get(column) for column in self.columns]
            for content in files_under(self.s3, self.table["StorageDescriptor"]["Location"])
            for line in content.decode().splitlines()
        ]
        if lines:
            marks = ", ".join("?" * len(self.columns))
            duckdb.executemany(f"INSERT INTO {name} VALUES ({marks})", lines)


def open_source(table: dict[str, Any], storage_options: dict[str, str], s3: S3Client) -> Source:
    """Return what a table of the catalog lies in.

    Raises:
        QueryError: no Delta log at its place, or a kind of table that is not read here.
    """
    location = str(table["StorageDescriptor"]["Location"])
    if table.get("Parameters", {}).get("spark.sql.sources.provider") == "delta":
        try:
            return DeltaSource(open_delta_table(location, storage_options))
        except FileNotFoundError as error:
            raise QueryError(f"DELTA_LAKE_INVALID_SCHEMA: {location}: {error}") from error
    if key := injected_key(table):
        return InjectedParquet(table, key, s3)
    if is_json_lines(table):
        return JsonLines(table, s3)
    raise QueryError(
        f"NOT_SUPPORTED: local Athena reads Delta tables, Parquet with one injected partition "
        f"key, and lines of JSON; {table['Name']} is none of these"
    )


def described_columns(table: dict[str, Any]) -> Columns:
    """Return the columns of a table as the catalog describes them."""
    described = [*table["StorageDescriptor"]["Columns"], *table["PartitionKeys"]]
    return {column["Name"]: column["Type"] for column in described}


def create_empty(duckdb: DuckDBPyConnection, name: str, columns: Columns) -> None:
    """Make a table of these columns."""
    declarations = (
        f"{identifier(column)} {hive_type(text).sql('duckdb')}" for column, text in columns.items()
    )
    duckdb.execute(f"CREATE TABLE {name} ({', '.join(declarations)})")


def files_under(s3: S3Client, location: str) -> Iterator[bytes]:
    """Yield the content of each object that Athena would read there."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for found in (entry for page in pages for entry in page.get("Contents", [])):
        if not found["Key"].rpartition("/")[2].startswith(HIDDEN):
            yield s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()


def column(field: Field) -> str:
    """Return how a column is read from the files: under the catalog's name, a timestamp as UTC."""
    is_instant = isinstance(field.type, PrimitiveType) and field.type.type == "timestamp"
    zone = " AT TIME ZONE 'UTC'" if is_instant else ""
    return f"{identifier(field.name)}{zone} AS {identifier(field.name.lower())}"


def identifier(name: str) -> str:
    """Return a name between quotes."""
    return '"' + name.replace('"', '""') + '"'
