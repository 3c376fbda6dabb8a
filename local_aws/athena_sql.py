"""Athena's SQL made DuckDB's: one SELECT, its tables found in the catalog, its columns checked."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import OptimizeError, ParseError, TokenError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope
from sqlglot.schema import MappingSchema

from local_aws.athena_conditions import Texts, table_uses
from local_aws.athena_types import give_athena_types

# It warns of each statement that it knows only by name; such a statement is refused here anyway.
logging.getLogger("sqlglot").setLevel(logging.ERROR)

CATALOGS = ("", "awsdatacatalog")
UNRESOLVED = re.compile(r"Column '(?P<name>[^']+)' could not be resolved(.*Line: (?P<line>\d+))?")

TableName = tuple[str, str]
Columns = dict[str, str]


class QueryError(Exception):
    """Why a query failed, worded as Athena's StateChangeReason."""


@dataclass(frozen=True)
class DuckDbQuery:
    """A translated query: its SQL, the names of its columns, and what it reads of which tables."""

    sql: str
    columns: list[str]
    tables: dict[TableName, list[Texts]]


def translate(sql: str, database: str, columns_of: Callable[[str, str], Columns]) -> DuckDbQuery:
    """Return the query for DuckDB; `columns_of` gives a table's columns with their Athena types.

    Raises:
        QueryError: not one SELECT, or a syntax error, an unknown table or an unknown column.
    """
    tree = parse_select(sql)
    name_outputs(tree)
    types = MappingSchema(dialect="athena")
    for schema, name in resolve_tables(tree, database.lower()):
        columns = {column: hive_type(text) for column, text in columns_of(schema, name).items()}
        types.add_table(exp.table_(name, db=schema), columns)
    try:
        tree = qualify(tree, schema=types, dialect="athena")
    except OptimizeError as error:
        raise QueryError(unresolved(str(error))) from error
    give_athena_types(annotate_types(tree, schema=types, dialect="athena"))
    names = [name.lower() for name in tree.named_selects]
    return DuckDbQuery(tree.sql(dialect="duckdb"), names, table_uses(tree))


def parse_select(sql: str) -> exp.Query:
    """Return the one SELECT in `sql`.

    Raises:
        QueryError: a syntax error, more than one statement, or another kind of statement.
    """
    try:
        statements = [statement for statement in sqlglot.parse(sql, read="athena") if statement]
    except ParseError as error:
        raise QueryError(syntax_error(error)) from error
    except TokenError as error:
        raise QueryError(f"SYNTAX_ERROR: {error}") from error
    if len(statements) != 1:
        raise QueryError(f"SYNTAX_ERROR: expected one statement, found {len(statements)}")
    statement = statements[0]
    if isinstance(statement, exp.Query):
        return statement
    word = sql.split()[0].upper()
    if isinstance(statement, exp.Condition):
        raise QueryError(f"SYNTAX_ERROR: line 1:1: mismatched input '{word}'")
    raise QueryError(
        f"NOT_SUPPORTED: local Athena runs SELECT over catalog tables, not {word}; "
        "tables are made by the load and the crawler"
    )


def syntax_error(error: ParseError) -> str:
    """Return the first error's place and what is wrong there."""
    first = error.errors[0]
    found = first["highlight"] or "end of query"
    return f"SYNTAX_ERROR: line {first['line']}:{first['col']}: mismatched input '{found}'"


def unresolved(message: str) -> str:
    """Return sqlglot's complaint about a column as Athena words it."""
    match = UNRESOLVED.search(message)
    if not match:
        return f"SYNTAX_ERROR: {message}"
    place = f"line {match['line']}: " if match["line"] else ""
    name = match["name"].replace('"', "")
    why = "no table of the query has it, or more than one"
    return f"COLUMN_NOT_FOUND: {place}Column '{name}' cannot be resolved: {why}"


def name_outputs(tree: exp.Query) -> None:
    """Name the columns that have no name as Athena does: ``_col`` and their position."""
    for position, projection in enumerate(tree.selects):
        if not isinstance(projection, exp.Alias | exp.Column) and not projection.is_star:
            projection.replace(exp.alias_(projection.copy(), f"_col{position}"))


def resolve_tables(tree: exp.Query, database: str) -> list[TableName]:
    """Give every table its database, and return each table once.

    Raises:
        QueryError: a table function, another catalog, or no database to look in.
    """
    found: dict[TableName, None] = {}
    for scope in traverse_scope(tree):
        for source in scope.sources.values():
            if isinstance(source, exp.Table):
                found[resolve_table(source, database)] = None
    return list(found)


def resolve_table(table: exp.Table, database: str) -> TableName:
    """Write the table's name in full into the query, and return it.

    Raises:
        QueryError: a table function, another catalog, or no database to look in.
    """
    if not isinstance(table.this, exp.Identifier):
        raise QueryError(f"FUNCTION_NOT_FOUND: table function {table.this.sql()} is not registered")
    if table.catalog.lower() not in CATALOGS:
        raise QueryError(f"CATALOG_NOT_FOUND: Catalog '{table.catalog}' does not exist")
    schema, name = (table.db or database).lower(), table.name.lower()
    if not schema:
        raise QueryError(f"MISSING_SCHEMA_NAME: write database.{name}, or name a Database")
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(name)))
    table.set("catalog", None)
    table.set("db", exp.to_identifier(schema))
    table.set("this", exp.to_identifier(name))
    return schema, name


def hive_type(text: str) -> exp.DataType:
    """Return a column's type, given as the Glue catalog writes it: ``map<string,int>``."""
    return exp.DataType.build(text, dialect="hive")
