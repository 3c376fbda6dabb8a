import sys
from pathlib import Path

import pytest

from local_stack.install import steps
from local_stack.install.steps import InstallError, complete, fingerprint, is_complete, run

FAIL = [sys.executable, "-c", "print('no space left'); raise SystemExit(1)"]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(steps, "ROOT", tmp_path)
    monkeypatch.setattr(steps, "LOGS", tmp_path / "logs")
    return tmp_path


def test_the_output_of_a_step_goes_into_its_log(checkout: Path) -> None:
    run("hello", [sys.executable, "-c", "import os; print(os.environ['WHO'])"], {"WHO": "me"})

    assert (checkout / "logs" / "install-hello.log").read_text() == "me\n"


def test_a_step_that_fails_is_named_with_the_end_of_its_log(checkout: Path) -> None:
    with pytest.raises(InstallError, match=r"jars failed.*install-jars.log(?s:.*)no space left"):
        run("jars", FAIL, {})


def test_a_long_step_gives_signs_of_life(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(steps, "QUIET_SECONDS", 0.05)

    run("slow", [sys.executable, "-c", "import time; time.sleep(0.3)"], {})

    assert "slow: still working" in capsys.readouterr().out


def test_a_folder_is_complete_with_the_fingerprint_it_was_finished_with(tmp_path: Path) -> None:
    complete(tmp_path, "a")

    assert is_complete(tmp_path, "a")
    assert not is_complete(tmp_path, "b")


def test_a_folder_that_was_never_finished_is_not_complete(tmp_path: Path) -> None:
    assert not is_complete(tmp_path / "missing", "a")


def test_a_fingerprint_changes_with_the_content_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("one==1")
    before = fingerprint("3.12", file)
    file.write_text("one==2")

    assert fingerprint("3.12", file) != before
