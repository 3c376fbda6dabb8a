"""The files that the image of local AWS holds, without an engine to build it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local_stack.paths import ROOT

COPIED = re.findall(
    r"^COPY (.+) (\S+)$", (ROOT / "containers/local-aws/Dockerfile").read_text(), re.MULTILINE
)
IMPORT_ALL = """
import importlib, pkgutil, local_aws
for module in pkgutil.iter_modules(local_aws.__path__, "local_aws."):
    importlib.import_module(module.name)
print(local_aws.__path__[0])
"""


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Return a folder with what the Dockerfile copies into the image's working folder."""
    for sources, target in COPIED:
        for name in sources.split():
            copy(ROOT / name, tmp_path / target.lstrip("/"), into=target.endswith("/"))
    return tmp_path


def copy(source: Path, target: Path, into: bool) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        return
    place = target / source.name if into else target
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, place)


def test_every_module_of_local_aws_finds_what_it_imports(image: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(image)}
    command = [sys.executable, "-c", IMPORT_ALL]

    printed = subprocess.check_output(command, cwd=image, env=environment, text=True)

    assert printed.strip() == str(image / "local_aws")


def test_the_engine_is_given_all_that_is_copied() -> None:
    given = (ROOT / ".dockerignore").read_text().splitlines()
    copied = {name.split("/")[0] for sources, _ in COPIED for name in sources.split()}

    assert {name for name in copied if f"!{name}" not in given} == set()
