from dataclasses import replace
from pathlib import Path

import pytest

from local_stack.install import environments
from local_stack.install.environments import AIRFLOW, Environment, is_installed
from local_stack.install.steps import complete


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """An installed environment in a checkout of its own."""
    monkeypatch.setattr(environments, "ROOT", tmp_path)
    (tmp_path / "requirements-local.txt").write_text("one==1\n")
    (tmp_path / "constraints.txt").write_text("")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version_info = 3.12.1\n")
    environment = replace(AIRFLOW, name=".venv")
    complete(environment.folder, environment.fingerprint())
    return environment


def test_an_environment_that_was_finished_is_installed(environment: Environment) -> None:
    assert is_installed(environment)


def test_a_changed_requirement_file_asks_for_another_installation(
    environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / "requirements-local.txt").write_text("one==2\n")

    assert not is_installed(environment)


def test_changed_constraints_ask_for_another_installation(
    environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / "constraints.txt").write_text("one<2\n")

    assert not is_installed(environment)


def test_another_python_asks_for_another_installation(
    environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version_info = 3.12.2\n")

    assert not is_installed(environment)


def test_an_environment_whose_python_is_gone_is_not_installed(
    environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / ".venv" / "bin" / "python").unlink()

    assert not is_installed(environment)


def test_an_installation_that_was_cut_off_is_not_installed(
    environment: Environment, tmp_path: Path
) -> None:
    (tmp_path / ".venv" / ".installed").unlink()

    assert not is_installed(environment)
