import sys
from pathlib import Path

import pytest

from local_stack.install.pythons import find_python


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a Python that is too old, an empty PATH and an empty pyenv."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    old = add_python(tmp_path / "old", "python3", 9)
    monkeypatch.setattr(sys, "executable", str(old))
    return tmp_path


def add_python(folder: Path, name: str, minor: int) -> Path:
    """Add a program that answers as Python 3.<minor> would."""
    return add_program(folder / name, f'echo "{minor} $0"')


def add_program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_the_first_version_that_is_there_is_taken(machine: Path) -> None:
    newer = add_python(machine / "bin", "python3.12", 12)
    add_python(machine / "bin", "python3.11", 11)

    assert find_python(12, 11) == newer


def test_the_next_version_is_taken_where_the_first_is_missing(machine: Path) -> None:
    older = add_python(machine / "bin", "python3.11", 11)

    assert find_python(12, 11) == older


def test_the_python_that_runs_the_installer_will_do(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = add_python(machine / "usr", "python3", 11)
    monkeypatch.setattr(sys, "executable", str(running))

    assert find_python(11) == running


def test_a_name_on_the_path_that_does_not_work_is_passed_over(machine: Path) -> None:
    add_program(machine / "bin" / "python3.12", "echo 'command not found' >&2; exit 127")
    real = add_python(machine / "pyenv" / "versions" / "3.12.1" / "bin", "python", 12)

    assert find_python(12) == real


def test_of_several_in_pyenv_the_newest_is_taken(machine: Path) -> None:
    for version in ("3.12.9", "3.12.10", "3.12-dev"):
        add_python(machine / "pyenv" / "versions" / version / "bin", "python", 12)

    assert find_python(12) == machine / "pyenv" / "versions" / "3.12.10" / "bin" / "python"


def test_a_python_of_another_version_is_not_taken(machine: Path) -> None:
    add_python(machine / "bin", "python3.12", 13)

    assert find_python(12) is None
