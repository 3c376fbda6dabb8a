from pathlib import Path

import pytest

from local_stack.install import uv
from local_stack.install.uv import is_recent, pip_settings, uv_environment

LISTING = """\
global.index-url='https://packages.example/simple'
global.timeout='60'
"""


@pytest.fixture
def no_uv_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*uv.FROM_PIP.values(), "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    uv_environment.cache_clear()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "uv"
    path.touch(mode=0o755)
    return path


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param("echo uv 0.13.9", True, id="recent"),
        pytest.param("echo uv 1.0.0", True, id="of the next generation"),
        pytest.param("echo uv 0.4.30", False, id="too old"),
        pytest.param("echo none; exit 1", False, id="broken"),
        pytest.param("echo hello", False, id="something else"),
    ],
)
def test_a_uv_of_the_machine_is_used_if_it_works_and_is_recent(
    program: Path, answer: str, expected: bool
) -> None:
    program.write_text(f"#!/bin/sh\n{answer}\n")

    assert is_recent(program) is expected


def test_a_machine_without_uv_has_no_recent_one(tmp_path: Path) -> None:
    assert not is_recent(tmp_path / "uv")


def test_pips_settings_are_read_from_what_it_lists() -> None:
    assert pip_settings(LISTING) == {
        "index-url": "https://packages.example/simple",
        "timeout": "60",
    }


def test_uv_is_told_of_the_index_that_pip_was_told_of(
    no_uv_settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example/simple")

    assert uv_environment()["UV_DEFAULT_INDEX"] == "https://packages.example/simple"


def test_what_a_person_told_uv_itself_stays(
    no_uv_settings: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://packages.example/simple")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://mine.example/simple")

    assert "UV_DEFAULT_INDEX" not in uv_environment()
