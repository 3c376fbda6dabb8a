"""The stack itself: what listens, who gets in, and that it ends; the last of these tests."""

import io

import psutil
import pytest
import requests
from rich.console import Console

from local_stack.airflow_api import AirflowApi, AirflowRefused
from local_stack.airflow_server import DAG_ID
from local_stack.demo import password_of
from local_stack.deployment import read_deployment
from local_stack.processes import marked
from local_stack.query import QueryFailed, ask
from local_stack.stack import down, up
from local_stack.stack_state import Stack, read_stack

BOTH_FAMILIES = ("127.0.0.1", "::1", "::ffff:127.0.0.1")


@pytest.fixture(scope="module")
def api(stack: Stack) -> AirflowApi:
    return AirflowApi(stack.airflow_url, password_of(stack))


def answer(stack: Stack, sql: str, output_format: str = "table") -> str:
    screen = io.StringIO()
    ask(sql, output_format, Console(file=screen, width=80), stack.folder)
    return screen.getvalue()


def test_it_listens_on_loopback_alone(stack: Stack) -> None:
    listening = [
        connection.laddr.ip
        for process in marked(stack.folder)
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]

    assert len(listening) >= 2
    assert set(listening) <= set(BOTH_FAMILIES)


def test_its_dag_is_there_and_not_paused(api: AirflowApi) -> None:
    dag = api.dag(DAG_ID)

    assert dag is not None
    assert dag["is_paused"] is False


def test_the_pool_is_as_the_deploy_file_says(api: AirflowApi) -> None:
    wanted = read_deployment().pool
    pool = api.call("GET", f"/api/v2/pools/{wanted['name']}")

    assert {name: pool[name] for name in wanted} == wanted


def test_nobody_gets_in_without_the_password(stack: Stack) -> None:
    with pytest.raises(AirflowRefused, match="401"):
        AirflowApi(stack.airflow_url, "guess")
    assert requests.get(f"{stack.airflow_url}/api/v2/dags", timeout=10).status_code == 401


def test_its_secrets_can_be_read_by_their_owner_alone(stack: Stack) -> None:
    files = [path for path in (stack.folder / "airflow").rglob("*") if path.is_file()]

    assert len(files) > 3
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_starting_it_again_says_that_it_is_up_and_keeps_it(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert up(stack.folder) == stack
    assert "the stack is up" in capsys.readouterr().out


def test_a_query_is_answered_as_a_table(stack: Stack) -> None:
    lines = answer(stack, "select 7 as n").splitlines()

    assert (lines[0].split(), lines[-1].split()) == (["n"], ["7"])


def test_a_bad_query_fails_with_its_reason(stack: Stack) -> None:
    with pytest.raises(QueryFailed, match="no_such_table"):
        answer(stack, "select * from no_such_table")


def test_ending_it_ends_every_process(stack: Stack) -> None:
    """The last test: it takes the stack away."""
    processes = marked(stack.folder)

    assert down(stack.folder) == len(processes)
    assert [process for process in processes if process.is_running()] == []
    assert read_stack(stack.folder) is None
