"""Python environments with what MWAA and Glue have, and nothing of this checkout."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from local_stack.install.uv import find_uv, uv_environment

# What would lead a bare environment to this checkout's packages, or to a package index.
LEADING = ("PIP_", "UV_", "PYTHON", "VIRTUAL_ENV", "COVERAGE", "AIRFLOW", "AWS_", "LAKEHOUSE_")
NO_INDEX = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": os.devnull}


def make_environment(folder: Path, python: Path) -> Path:
    """Return the Python of a new environment in `folder`, of the same version as `python`."""
    uv("venv", "--quiet", "--python", str(python), str(folder))
    return folder / "bin" / "python"


def install(python: Path, *packages: str) -> None:
    """Install what uv is told to into the environment of `python`."""
    uv("pip", "install", "--quiet", "--python", str(python), *packages)


def uv(*arguments: str) -> None:
    """Run uv, which takes from its cache what it has."""
    environment = {**os.environ, **uv_environment()}
    subprocess.run([find_uv(), *arguments], env=environment, check=True)


def run(
    command: list[str | Path], folder: Path, environment: Mapping[str, str] | None = None
) -> str:
    """Return what a command prints that runs in `folder` and sees nothing of this checkout."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEADING)}
    settings = {**kept, **NO_INDEX, "HOME": str(folder), **(environment or {})}
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout
