"""The engine under local Athena: DuckDB over the files of the catalog's tables."""

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb
from moto.glue.exceptions import DatabaseNotFoundException, TableNotFoundException
from moto.glue.models import GlueBackend
from mypy_boto3_s3 import S3Client

from local_aws.athena_sources import Source, identifier, open_source
from local_aws.athena_sql import Columns, QueryError, TableName, translate
from local_aws.athena_values import Row, athena_text, column_info

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

    def __init__(
        self, catalog: GlueBackend, storage_options: dict[str, str], s3: S3Client, cores: int
    ) -> None:
        """Open a database that can read nothing but the tables it is given."""
        self._catalog, self._storage_options, self._s3 = catalog, storage_options, s3
        self._sources: dict[TableName, Source] = {}
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
        for name, uses in query.tables.items():
            schema, table = map(identifier, name)
            self._connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            self._sources[name].attach(self._connection, f"{schema}.{table}", uses)
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
        table = catalog_table(self._catalog, database, name)
        source = open_source(table, self._storage_options, self._s3)
        self._sources[database, name] = source
        return source.columns


def catalog_table(catalog: GlueBackend, database: str, name: str) -> dict[str, Any]:
    """Return the table as the catalog describes it.

    Raises:
        QueryError: no such database or table.
    """
    try:
        table: dict[str, Any] = catalog.get_table(database, name).as_dict()
    except DatabaseNotFoundException as error:
        raise QueryError(f"SCHEMA_NOT_FOUND: Schema '{database}' does not exist") from error
    except TableNotFoundException as error:
        full = f"awsdatacatalog.{database}.{name}"
        message = f"TABLE_NOT_FOUND: Table '{full}' does not exist; has the crawler run?"
        raise QueryError(message) from error
    return table
