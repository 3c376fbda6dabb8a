"""Find the Python interpreters of this machine."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

# What Airflow and Spark need and a hand-built Python may lack.
PROBE = "import bz2, ctypes, lzma, sqlite3, ssl, sys; print(sys.version_info[1], sys.executable)"


def find_python(*minors: int) -> Path | None:
    """Return a working Python 3.<minor>: of the first minor version that this machine has."""
    found = (working(candidate, minor) for minor in minors for candidate in candidates(minor))
    return next((python for python in found if python), None)


def candidates(minor: int) -> Iterator[str | Path]:
    """Give the places to look for Python 3.<minor>: PATH, this Python, pyenv's newest first."""
    yield f"python3.{minor}"
    yield Path(sys.executable)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    versions = list((pyenv / "versions").glob(f"3.{minor}.*"))
    yield from (version / "bin" / "python" for version in sorted(versions, key=patch, reverse=True))


def patch(version: Path) -> int:
    """Return 7 for ``3.11.7``."""
    digits = re.match(r"\d+\.\d+\.(\d+)", version.name)
    return int(digits[1]) if digits else -1


def working(candidate: str | Path, minor: int) -> Path | None:
    """Return the candidate's real path if it runs and is Python 3.<minor>.

    A name on the PATH proves nothing: pyenv puts one there for every version, and most fail.
    """
    try:
        command = [candidate, "-c", PROBE]
        answer = subprocess.check_output(command, stderr=subprocess.DEVNULL, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found_minor, path = answer.strip().split(maxsplit=1)
    return Path(path) if int(found_minor) == minor else None
