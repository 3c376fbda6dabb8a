"""The same files are the same bytes."""

import io
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from release.zips import files_below, zip_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Some files, byte code of them, and a link."""
    folder = tmp_path / "one"
    (folder / "__pycache__").mkdir(parents=True)
    (folder / "__pycache__" / "a.pyc").write_bytes(b"compiled")
    for letter in "hbgcfdea":
        (folder / f"{letter}.py").write_text(letter)
    return folder


def test_the_same_code_is_always_the_same_zip(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "two", copy_function=shutil.copyfile)
    os.utime(tmp_path / "two" / "a.py", (0, 0))
    (tmp_path / "two" / "a.py").chmod(0o700)
    first, second = (zip_files(files_below(tmp_path / name)) for name in ("one", "two"))
    assert first == second
    names = zipfile.ZipFile(io.BytesIO(first)).namelist()
    assert names == [f"{letter}.py" for letter in "abcdefgh"]


def test_a_link_is_shipped_as_what_it_leads_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "link").symlink_to("../one")
    (tmp_path / "two" / "one.py").symlink_to("../one/a.py")
    found = files_below(tmp_path / "two")
    assert (found["one.py"], found["link/b.py"]) == (b"a", b"b")


def test_whoever_unpacks_a_zip_can_read_its_files(folder: Path) -> None:
    archive = zipfile.ZipFile(io.BytesIO(zip_files(files_below(folder))))
    assert {entry.external_attr >> 16 & 0o777 for entry in archive.infolist()} == {0o644}
