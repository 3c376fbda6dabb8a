from pathlib import Path

import pytest

from local_stack.install.java import has_java, machine_java

SETTINGS = """\
cat >&2 <<EOF
Property settings:
    java.home = {home}
    java.specification.version = {version}
    java.vendor = Example
EOF"""


def add_java(home: Path, version: str) -> Path:
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\n" + SETTINGS.format(home=home, version=version) + "\n")
    java.chmod(0o755)
    return home


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'first' / 'bin'}:/bin")
    return tmp_path


def test_java_17_on_the_path_is_used(machine: Path) -> None:
    add_java(machine / "first", "17")

    assert machine_java() == machine / "first"


def test_java_home_goes_before_the_path(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_java(machine / "first", "17")
    monkeypatch.setenv("JAVA_HOME", str(add_java(machine / "second", "17")))

    assert machine_java() == machine / "second"


def test_another_version_in_java_home_is_passed_over(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_java(machine / "first", "17")
    monkeypatch.setenv("JAVA_HOME", str(add_java(machine / "second", "21")))

    assert machine_java() == machine / "first"


@pytest.mark.parametrize("version", ["1.8", "11", "21"])
def test_a_machine_with_another_java_has_none_for_us(machine: Path, version: str) -> None:
    add_java(machine / "first", version)

    assert machine_java() is None


def test_a_home_that_is_gone_has_no_java(machine: Path) -> None:
    assert has_java(add_java(machine / "first", "17"))
    assert not has_java(machine / "second")
