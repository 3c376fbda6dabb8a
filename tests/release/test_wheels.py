"""The wheels: those that are pinned, for Glue's platform, without Spark."""

import re
import zipfile
from pathlib import Path

import pytest

from local_stack.paths import ROOT
from release import wheels
from release.errors import ReleaseError
from release.wheels import LOCK, ZIP, read_wheels, wheels_zip

UNREACHABLE = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "0",
    "PIP_NO_CACHE_DIR": "1",
    "UV_HTTP_RETRIES": "0",
}
PIN = re.compile(r"^(\S+)==([^\s\\]+)", re.MULTILINE)


@pytest.fixture
def names(dist: Path) -> list[str]:
    """The names in the zip."""
    return zipfile.ZipFile(dist / "glue" / ZIP).namelist()


def test_a_wheel_comes_of_every_pin_and_none_is_sparks(names: list[str]) -> None:
    pins = dict(PIN.findall((ROOT / LOCK).read_text()))
    wheels = [name.split("/")[1] for name in names if name.endswith(".whl")]
    assert len(wheels) == len(pins) == len(names) - 1
    assert {"soda-core-spark-df", "open-data-contract-standard", "boto3"} <= pins.keys()
    replacing = ("pyspark", "py4j", "delta_spark", "numpy", "pandas", "pyarrow")
    assert not [name for name in wheels if name.startswith(replacing)]


def test_every_wheel_fits_glue_s_python_and_platform(names: list[str]) -> None:
    for name in names:
        if name.endswith(".whl"):
            python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
            assert python in {"py3", "py2.py3", "cp311", "cp310"}, name
            assert abi in {"none", "cp311", "abi3"}, name
            assert platform == "any" or "manylinux2014_x86_64" in platform.split("."), name


def test_glue_gets_the_versions_that_are_tested_here() -> None:
    tested = dict(PIN.findall((ROOT / "requirements-glue.txt").read_text()))
    shipped = dict(PIN.findall((ROOT / LOCK).read_text()))
    assert shipped.items() <= tested.items()


def test_a_wheel_that_is_not_the_pinned_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "boto3-1.43.56-py3-none-any.whl").write_bytes(b"something else")
    with pytest.raises(ReleaseError, match=r"boto3-1.43.56-py3-none-any.whl is not as"):
        read_wheels(tmp_path, (ROOT / LOCK).read_text())


def test_without_a_package_index_it_says_where_wheels_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wheels, "WHEELS", tmp_path / "wheels")
    for name, value in UNREACHABLE.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ReleaseError, match="no network is needed to build"):
        wheels_zip(ROOT)
    assert not list((tmp_path / "wheels").iterdir())
