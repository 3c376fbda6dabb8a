"""Athena's SQL in DuckDB: what it means, not only that it runs."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from local_aws.athena_sql import QueryError, translate

TABLES = {
    "orders": {
        "order_id": "bigint",
        "order_num": "int",
        "total_amount": "decimal(12,2)",
        "order_timestamp": "timestamp",
        "order_date": "date",
    },
    "rejected": {"reasons": "array<string>", "raw_record": "map<string,string>"},
}


def columns_of(database: str, name: str) -> dict[str, str]:
    if (database, name.lower()) not in {("shop", table) for table in TABLES}:
        raise QueryError(f"TABLE_NOT_FOUND {database}.{name}")
    return TABLES[name]


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a database with one row in each table."""
    connection = duckdb.connect()
    connection.execute("SET lambda_syntax = 'ENABLE_SINGLE_ARROW'; CREATE SCHEMA shop")
    connection.execute(
        "CREATE TABLE shop.orders AS SELECT 7::BIGINT AS order_id, 2::INT AS order_num, "
        "10.05::DECIMAL(12,2) AS total_amount, TIMESTAMP '2025-04-01 11:27:00' AS order_timestamp, "
        "DATE '2025-04-01' AS order_date"
    )
    connection.execute(
        "CREATE TABLE shop.rejected AS SELECT ['short_record', 'bad_date:date'] AS reasons, "
        "MAP {'order_id': '7'} AS raw_record"
    )
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("order_id / order_num", 3),
        ("sum(order_id) / count(*)", 7),
        ("7 / 2.0", Decimal("3.5")),
        ("total_amount / 3", Decimal("3.35")),
        ("sum(total_amount) / count(*)", Decimal("10.05")),
        ("total_amount * 100.0 / 7", Decimal("143.571")),
        ("avg(total_amount)", Decimal("10.05")),
        ("avg(order_id)", 7.0),
        ("total_amount / CAST(3 AS double)", 3.35),
    ],
)
def test_numbers_divide_as_in_athena(
    engine: duckdb.DuckDBPyConnection, expression: str, value: Any
) -> None:
    group = " GROUP BY total_amount, order_id, order_num"
    assert answer(engine, f"SELECT {expression} FROM orders{group}") == value


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("SELECT date_diff('day', order_date, DATE '2025-04-03') FROM orders", 2),
        ("SELECT CAST(date_add('day', 1, order_date) AS varchar) FROM orders", "2025-04-02"),
        ("SELECT CAST(order_date + INTERVAL '1' DAY AS varchar) FROM orders", "2025-04-02"),
        ("SELECT CAST(date_trunc('month', order_date) AS varchar) FROM orders", "2025-04-01"),
        ("SELECT date_format(order_timestamp, '%Y-%m') FROM orders", "2025-04"),
        ("SELECT element_at(raw_record, 'order_id') FROM rejected", "7"),
        ("SELECT cardinality(reasons) FROM rejected", 2),
        ("SELECT array_join(reasons, '+') FROM rejected", "short_record+bad_date:date"),
        ("SELECT contains(reasons, 'short_record') FROM rejected", True),
        ("SELECT cardinality(filter(reasons, r -> r LIKE 'bad%')) FROM rejected", 1),
        ("SELECT max(r) FROM rejected CROSS JOIN UNNEST(reasons) AS t(r)", "short_record"),
        ("SELECT approx_distinct(order_id) FROM orders", 1),
        ("SELECT count_if(total_amount > 5) FROM orders", 1),
        ("SELECT json_extract_scalar('{\"a\": 1}', '$.a')", "1"),
        ("WITH big AS (SELECT * FROM Orders WHERE ORDER_ID > 5) SELECT count(*) FROM big", 1),
        ("SELECT count(*) FROM orders o WHERE EXISTS (SELECT 1 FROM rejected)", 1),
    ],
)
def test_athenas_functions_mean_the_same(
    engine: duckdb.DuckDBPyConnection, sql: str, value: Any
) -> None:
    assert answer(engine, sql) == value


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT count(*), order_id FROM orders GROUP BY 2", ["_col0", "order_id"]),
        ("SELECT order_id + 1, max(order_num) AS Most FROM orders GROUP BY 1", ["_col0", "most"]),
        ("SELECT CAST(order_id AS varchar) FROM orders", ["_col0"]),
        ("SELECT * FROM rejected", ["reasons", "raw_record"]),
        ("SELECT a.order_id, b.order_id FROM orders a, orders b", ["order_id", "order_id"]),
        ("SELECT 1 UNION ALL SELECT 2", ["_col0"]),
    ],
)
def test_columns_are_named_as_in_athena(sql: str, names: list[str]) -> None:
    assert translate(sql, "shop", columns_of).columns == names


def test_only_tables_of_the_catalog_are_looked_up() -> None:
    sql = "WITH recent AS (SELECT * FROM orders) SELECT * FROM recent JOIN rejected ON true"
    assert set(translate(sql, "shop", columns_of).tables) == {
        ("shop", "orders"),
        ("shop", "rejected"),
    }


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        pytest.param("SELECT order_id FROM nobody", "TABLE_NOT_FOUND", id="unknown table"),
        pytest.param("SELECT nope FROM orders", "Column 'nope' cannot be resolved", id="column"),
        pytest.param("SELECT 1 FROM other.shop.orders", "CATALOG_NOT_FOUND", id="catalog"),
        pytest.param("SELEC 1", "SYNTAX_ERROR: line 1:7: mismatched input '1'", id="typing error"),
        pytest.param("SELECT 'abc", "SYNTAX_ERROR", id="open quote"),
        pytest.param("", "expected one statement, found 0", id="nothing"),
        pytest.param("SHOW TABLES", "not SHOW", id="show"),
        pytest.param("CREATE VIEW v AS SELECT 1", "not CREATE", id="create"),
        pytest.param("INSERT INTO orders VALUES (1)", "not INSERT", id="insert"),
    ],
)
def test_what_cannot_be_translated_says_why(sql: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason):
        translate(sql, "shop", columns_of)


def test_a_table_without_a_database_is_refused_by_name() -> None:
    with pytest.raises(QueryError, match=r"database\.orders"):
        translate("SELECT 1 FROM orders", "", columns_of)


def answer(engine: duckdb.DuckDBPyConnection, sql: str) -> Any:
    """Return the only value of the translated query's answer."""
    (row,) = engine.execute(translate(sql, "shop", columns_of).sql).fetchall()
    return row[0]
