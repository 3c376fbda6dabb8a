"""The engine under local Athena: DuckDB over the files that a table's Delta log names."""

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb

# Here, not where it is first needed: loaded by the thread of a query, Arrow's allocator takes the
# process down once that thread is gone.
import pyarrow.dataset
from deltalake import DeltaTable
from deltalake.schema import Field, PrimitiveType
from moto.glue.exceptions import DatabaseNotFoundException, TableNotFoundException
from moto.glue.models import GlueBackend

from local_aws.athena_sql import Columns, QueryError, TableName, translate
from local_aws.athena_values import Row, athena_text, column_info
from local_aws.delta_tables import athena_type, open_delta_table

# No files, no network, no variables of ours.
LOCKED_DOWN = {"enable_external_access": "false", "python_enable_replacements": "false"}
SETTINGS = (
    "SET TimeZone = 'UTC'",
    "SET lambda_syntax = 'ENABLE_SINGLE_ARROW'",
    "SET lock_configuration = true",
)
# The codes of Athena's engine for DuckDB's errors; all others are internal ones.
CODES: dict[type[BaseException], str] = {
    duckdb.CatalogException: "FUNCTION_NOT_FOUND",
    duckdb.BinderException: "SYNTAX_ERROR",
    duckdb.ParserException: "SYNTAX_ERROR",
    duckdb.ConversionException: "INVALID_CAST_ARGUMENT",
    duckdb.OutOfRangeException: "NUMERIC_VALUE_OUT_OF_RANGE",
    duckdb.InvalidInputException: "INVALID_FUNCTION_ARGUMENT",
}


@dataclass(frozen=True)
class Result:
    """A query's answer: its columns as ResultSetMetadata shows them, its rows as texts."""

    columns: list[dict[str, Any]]
    rows: list[Row]

    @property
    def names(self) -> list[str]:
        """Return the names of the columns."""
        return [column["Name"] for column in self.columns]


class QueryRun:
    """One query on a database of its own, in memory."""

    def __init__(self, catalog: GlueBackend, storage_options: dict[str, str], cores: int) -> None:
        """Open a database that can read nothing but the tables it is given."""
        self._catalog, self._storage_options = catalog, storage_options
        self._tables: dict[TableName, DeltaTable] = {}
        self._open_or_closed = threading.Lock()
        self._connection = duckdb.connect(config={**LOCKED_DOWN, "threads": str(cores)})
        for setting in SETTINGS:
            self._connection.execute(setting)

    def execute(self, sql: str, database: str) -> Result:
        """Return the answer to a query in Athena's SQL.

        Raises:
            QueryError: with the reason as Athena words it.
        """
        query = translate(sql, database, self._open_table)
        for name in query.tables:
            self._make_view(name)
        try:
            answer = self._connection.execute(query.sql)
            rows: list[Row] = [[athena_text(value) for value in row] for row in answer.fetchall()]
        except duckdb.Error as error:
            code = CODES.get(type(error), "GENERIC_INTERNAL_ERROR")
            raise QueryError(f"{code}: {error}") from error
        types = [column[1] for column in answer.description]
        columns = [column_info(*pair) for pair in zip(query.columns, types, strict=True)]
        return Result(columns, rows)

    def interrupt(self) -> None:
        """End what DuckDB is at, if anything; it raises in the query's own thread."""
        with self._open_or_closed, suppress(duckdb.ConnectionException):
            self._connection.interrupt()

    def close(self) -> None:
        """Give back the memory."""
        with self._open_or_closed:
            self._connection.close()

    def _open_table(self, database: str, name: str) -> Columns:
        location = delta_location(self._catalog, database, name)
        try:
            table = open_delta_table(location, self._storage_options)
        except FileNotFoundError as error:
            raise QueryError(f"DELTA_LAKE_INVALID_SCHEMA: {location}: {error}") from error
        self._tables[database, name] = table
        return {field.name.lower(): athena_type(field.type) for field in table.schema().fields}

    def _make_view(self, table: TableName) -> None:
        """Give DuckDB the table under its own name; its timestamps are UTC and say no zone."""
        database, name = table
        files: pyarrow.dataset.Dataset = self._tables[table].to_pyarrow_dataset()
        self._connection.register(f"{database}/{name}", files)
        columns = ", ".join(map(column, self._tables[table].schema().fields))
        self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {identifier(database)}")
        self._connection.execute(
            f"CREATE VIEW {identifier(database)}.{identifier(name)} AS "
            f"SELECT {columns} FROM {identifier(f'{database}/{name}')}"
        )


def column(field: Field) -> str:
    """Return how a column is read from the files: under the catalog's name, a timestamp as UTC."""
    is_instant = isinstance(field.type, PrimitiveType) and field.type.type == "timestamp"
    zone = " AT TIME ZONE 'UTC'" if is_instant else ""
    return f"{identifier(field.name)}{zone} AS {identifier(field.name.lower())}"


def identifier(name: str) -> str:
    """Return a name between quotes."""
    return '"' + name.replace('"', '""') + '"'


def delta_location(catalog: GlueBackend, database: str, name: str) -> str:
    """Return where the catalog says the table lies.

    Raises:
        QueryError: no such database or table, or not a Delta table.
    """
    try:
        table = catalog.get_table(database, name).as_dict()
    except DatabaseNotFoundException as error:
        raise QueryError(f"SCHEMA_NOT_FOUND: Schema '{database}' does not exist") from error
    except TableNotFoundException as error:
        full = f"awsdatacatalog.{database}.{name}"
        message = f"TABLE_NOT_FOUND: Table '{full}' does not exist; has the crawler run?"
        raise QueryError(message) from error
    if table.get("Parameters", {}).get("spark.sql.sources.provider") != "delta":
        raise QueryError(f"NOT_SUPPORTED: local Athena reads Delta tables, {name} is none")
    return str(table["StorageDescriptor"]["Location"])
