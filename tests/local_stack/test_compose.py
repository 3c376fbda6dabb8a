"""Finding Compose and its engine; that the stack runs in them is tested in tests/compose."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_stack import compose
from local_stack.stack import up
from local_stack.stack_state import Stack, read_stack, write_stack
from local_stack.waiting import StackError


@pytest.fixture(autouse=True)
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the one folder in which commands are looked for; it is empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    forget()
    yield folder
    forget()


def forget() -> None:
    compose.environment.cache_clear()
    compose.command.cache_clear()


@contextmanager
def listening() -> Iterator[str]:
    """Give the address of something that accepts connections."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def put_command(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_without_compose_it_says_what_is_missing_and_that_it_can_be_left_out(
    tmp_path: Path,
) -> None:
    with pytest.raises(StackError, match=r"docker-compose 1\.29.*Without COMPOSE=1"):
        compose.up_in_containers(tmp_path)


def test_a_docker_without_its_compose_leaves_it_to_docker_compose(commands: Path) -> None:
    put_command(commands, "docker", "exit 1")
    put_command(commands, "docker-compose", "exit 0")

    assert compose.command() == ("docker-compose",)


def test_the_newer_compose_is_taken_where_there_are_both(commands: Path) -> None:
    put_command(commands, "docker", "exit 0")
    put_command(commands, "docker-compose", "exit 0")

    assert compose.command() == ("docker", "compose")


def test_an_engine_that_does_not_answer_is_told_of_in_its_own_words(
    commands: Path, tmp_path: Path
) -> None:
    put_command(commands, "docker", '[ "$2" = version ] || { echo "no daemon" >&2; exit 1; }')

    with pytest.raises(StackError, match=r"start Docker\.\nno daemon"):
        compose.up_in_containers(tmp_path)


def test_there_is_nothing_to_remove_where_nothing_was_made(tmp_path: Path) -> None:
    assert compose.down_in_containers(tmp_path) is False


def test_one_stack_does_not_start_beside_the_other(tmp_path: Path) -> None:
    with listening() as url:
        write_stack(Stack(tmp_path, url, url, (), in_containers=True))
        assert read_stack(tmp_path) is not None
        with pytest.raises(StackError, match="COMPOSE=1 too"):
            up(tmp_path)
        write_stack(Stack(tmp_path, url, url, ()))
        with pytest.raises(StackError, match="leave COMPOSE out"):
            compose.up_in_containers(tmp_path)


def test_containers_that_do_not_answer_are_no_running_stack(tmp_path: Path) -> None:
    with listening() as url:
        pass
    write_stack(Stack(tmp_path, url, url, (), in_containers=True))

    assert read_stack(tmp_path) is None
