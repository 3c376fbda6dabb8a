import io
from pathlib import Path

import pytest
from rich.console import Console

from local_stack.paths import ROOT
from local_stack.query import MOST_ROWS, Answer, for_batch, show

OF_A_BATCH = [path for path in (ROOT / "include/sql").glob("*.sql") if "xcom" in path.read_text()]


def shown(answer: Answer) -> str:
    screen = io.StringIO()
    show(answer, Console(file=screen, width=80, markup=False))
    return screen.getvalue()


def test_an_answer_is_a_table_with_its_columns() -> None:
    text = shown(Answer(["n", "name"], ["n"], [["12", "bread [plain]"]]))

    assert [line.split() for line in text.splitlines() if line.strip(" ─")] == [
        ["n", "name"],
        ["12", "bread", "[plain]"],
    ]


def test_numbers_are_set_to_the_right() -> None:
    text = shown(Answer(["n"], ["n"], [["7"], ["1200"]]))

    assert "   7" in text.splitlines()


def test_null_is_not_shown_as_an_empty_text() -> None:
    text = shown(Answer(["a", "b"], [], [[None, ""]]))

    assert text.splitlines()[-1].split() == ["null"]


def test_a_long_answer_says_that_it_goes_on() -> None:
    rows: list[list[str | None]] = [[str(number)] for number in range(MOST_ROWS + 1)]

    assert "FORMAT=csv gives all" in shown(Answer(["n"], [], rows))
    assert "FORMAT=csv" not in shown(Answer(["n"], [], rows[:MOST_ROWS]))


@pytest.mark.parametrize("path", OF_A_BATCH, ids=lambda path: path.name)
def test_a_batch_is_put_into_the_queries_of_a_batch(path: Path) -> None:
    sql = for_batch(path.read_text(), "0f3a")

    assert "batch_id = '0f3a'" in sql
    assert "{" not in sql


def test_there_are_queries_of_a_batch() -> None:
    assert len(OF_A_BATCH) >= 3
