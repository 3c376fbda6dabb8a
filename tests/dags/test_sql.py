import re
from types import SimpleNamespace

import pytest
import sqlglot
from airflow.sdk import DAG
from sqlglot import exp

from tests.plugins.airflow_fixtures import ROOT

SQL = ROOT / "include" / "sql"
FILES = sorted(path.name for path in SQL.glob("*.sql"))


def render(name: str) -> str:
    """Return a query as Airflow renders it in a task."""
    environment = DAG("any", template_searchpath=[str(SQL)], schedule=None).get_template_env()
    ti = SimpleNamespace(xcom_pull=lambda task_ids: {"plan_batch": "0f3a"}[task_ids])
    return environment.get_template(name).render({"ti": ti})


@pytest.mark.parametrize("name", FILES)
def test_every_query_is_one_select_in_athena_s_sql(name: str) -> None:
    [statement] = sqlglot.parse(render(name), read="athena")

    assert isinstance(statement, exp.Query)


@pytest.mark.parametrize("name", FILES)
def test_every_query_says_on_top_what_it_is_for(name: str) -> None:
    lines = (SQL / name).read_text().splitlines()

    assert lines[0].startswith("-- ")
    assert any(line.startswith("-- By hand: ") for line in lines)


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("rows_per_batch.sql", "_batch_id"),
        ("partition_pruning.sql", "_batch_id"),
        ("tables_joined.sql", "order_items._batch_id"),
        ("rejects_by_reason.sql", "batch_rejects.batch_id"),
        ("failing_rows.sql", "batch_failing_rows.batch_id"),
    ],
)
def test_queries_of_a_batch_ask_for_the_run_s_batch(name: str, column: str) -> None:
    assert f"WHERE {column} = '0f3a'" in render(name)


def test_partitions_are_pruned_by_a_constant() -> None:
    assert re.search(r"WHERE order_date >= DATE '[0-9-]{10}'\nGROUP", render("orders_per_day.sql"))
