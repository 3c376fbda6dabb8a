"""A release of this working tree: its tracked files in a git checkout of their own, and built."""

import io
import json
import shutil
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest

from local_stack.paths import LOCAL, ROOT
from release.__main__ import main
from tests.release.git import commit_all, git
from tests.release.mwaa import Mwaa, make_mwaa

VERSION = "9.8.7"
# pragma: allowlist nextline secret
SECRET = "aws_secret_access_key = of-somebody"
LEFT_OUT = "include/credentials.ini"  # dags/include leads there
IGNORED = "plugins/lakehouse_airflow/__pycache__/alerts.pyc"


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout at a tag, in which files lie about that nobody has committed."""
    root = tmp_path_factory.mktemp("checkout")
    for name in git(ROOT, "ls-files", "-z").split("\0"):
        if name and (ROOT / name).exists():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, root / name, follow_symlinks=False)
    commit_all(root)
    git(root, "tag", f"v{VERSION}")
    share_installation(root)
    for name in (LEFT_OUT, IGNORED):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(SECRET)
    return root


@pytest.fixture(scope="session")
def printed(checkout: Path) -> str:
    """Build a release in the checkout, and return what that printed."""
    with redirect_stdout(io.StringIO()) as printed:
        main(checkout)
    return printed.getvalue()


@pytest.fixture(scope="session")
def dist(checkout: Path, printed: str) -> Path:
    """Return the folder of the release."""
    assert printed
    return checkout / "dist"


@pytest.fixture(scope="session")
def manifest(dist: Path) -> dict[str, Any]:
    """Return what the release says of itself."""
    about: dict[str, Any] = json.loads((dist / "manifest.json").read_text())
    return about


def share_installation(root: Path) -> None:
    """Give a checkout this one's environment and the wheels that were fetched here."""
    for path in (LOCAL, ROOT / ".venv"):
        (root / path.name).symlink_to(path)


@pytest.fixture(scope="session")
def mwaa(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Mwaa:
    """Return an MWAA to which the release has been given."""
    return make_mwaa(tmp_path_factory.mktemp("mwaa"), dist)
