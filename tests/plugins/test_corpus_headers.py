"""The corpus of odd files, as planning judges them."""

from pathlib import Path

import pytest
from lakehouse_airflow.contract import read_contract
from lakehouse_airflow.headers import HEADER_BYTES, judge_header

from tests.corpus.corpus import BASE, FILES, Case, read_cases
from tests.plugins.planning_fixtures import CONTRACT

CASES = read_cases()
REQUIRED = read_contract(CONTRACT).delivered_columns


def judge(content: bytes, dataset: str) -> tuple[str, ...]:
    whole = len(content) <= HEADER_BYTES
    return judge_header(content[:HEADER_BYTES], whole, REQUIRED[dataset]).reasons


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.file)
def test_a_file_is_rejected_whole_for_the_expected_reasons(case: Case) -> None:
    assert judge(case.content, case.dataset) == case.refused


@pytest.mark.parametrize("path", sorted(BASE.glob("*.csv")), ids=lambda path: path.stem)
def test_the_files_that_the_tables_start_from_are_sound(path: Path) -> None:
    assert judge(path.read_bytes(), path.stem) == ()


def test_every_file_has_its_row_and_every_row_its_file() -> None:
    files = {path.relative_to(FILES).as_posix() for path in FILES.rglob("*.csv")}

    assert sorted(case.file for case in CASES) == sorted(files)
    assert len(files) >= 60


def test_every_row_says_what_becomes_of_all_that_was_read() -> None:
    unfinished = [
        case.file
        for case in CASES
        if bool(case.refused) == bool(case.read) or sum(case.outcomes.values()) != case.read
    ]

    assert unfinished == []
