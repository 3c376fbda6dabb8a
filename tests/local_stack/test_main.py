from pathlib import Path

import pytest

from local_stack.__main__ import main, what_stays
from local_stack.stack_state import Stack


def test_a_query_without_sql_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "--sql", " "]) == 1
    assert 'make query SQL="' in capsys.readouterr().err


def test_a_query_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "--file", "/missing/query.sql"]) == 1
    assert "/missing/query.sql" in capsys.readouterr().err


def test_a_demo_of_a_folder_that_is_not_there_starts_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["demo", "--raw", "/missing"]) == 1

    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "RAW=/missing is no folder.\n")


def test_after_an_interruption_it_is_said_what_goes_on() -> None:
    stack = Stack(Path("/stack"), "http://127.0.0.1:1", "http://127.0.0.1:2", ())

    assert "http://127.0.0.1:2; make down ends it" in what_stays(stack)
    assert what_stays(None) == "Nothing is left running."
    assert "make down removes them" in what_stays(None, containers=True)
