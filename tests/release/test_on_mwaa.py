"""The release on an Airflow that has what MWAA's has, and nothing of this checkout."""

from typing import Any

import pytest

from local_stack.paths import ROOT
from tests.release.mwaa import Mwaa


@pytest.fixture(scope="module")
def found(mwaa: Mwaa) -> dict[str, Any]:
    """What that Airflow finds when it reads DAGs and plugins."""
    found: dict[str, Any] = mwaa.run("parse.py")
    return found


def test_every_dag_can_be_read(found: dict[str, Any]) -> None:
    assert found["import_errors"] == {}
    assert list(found["dags"]) == [path.stem for path in (ROOT / "dags").glob("*.py")]
    assert {"plan_batch", "load_delta"} <= set(found["dags"]["orders_lakehouse"])


def test_every_module_is_imported_from_the_release(found: dict[str, Any], mwaa: Mwaa) -> None:
    package = mwaa.home / "plugins" / "lakehouse_airflow"
    assert len(found["modules"]) > 20
    assert {name: path for name, path in found["modules"].items() if str(package) not in path} == {}


def test_the_plugin_loader_takes_the_plugin_alone(found: dict[str, Any]) -> None:
    assert found["plugin_errors"] == {}
    assert found["run_by_the_loader"] == ["lakehouse_plugin"]
    assert found["deadlines"] == ["lakehouse_airflow.delays.EarliestDelay"]


def test_it_has_none_of_the_tests_own_tools(found: dict[str, Any]) -> None:
    assert found["tests_tools"] == []
