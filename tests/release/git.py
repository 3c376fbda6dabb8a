"""Git checkouts for tests, and releases that are built in them."""

import os
import subprocess
import sys
from pathlib import Path

SETTINGS = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    **{f"GIT_{who}_NAME": "Somebody" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "somebody@example.com" for who in ("AUTHOR", "COMMITTER")},
}


def git(root: Path, *arguments: str) -> str:
    """Return what a git command says."""
    command = ["git", "-C", str(root), *arguments]
    return subprocess.check_output(command, env={**os.environ, **SETTINGS}, text=True).rstrip("\n")


def commit_all(root: Path) -> str:
    """Commit all that lies in `root`, in a new repository if there is none; return the commit."""
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--allow-empty", "--message=All of it")
    return git(root, "rev-parse", "HEAD")


def building_environment(**settings: str) -> dict[str, str]:
    """Return the environment for a build, which is not measured: it runs another checkout's code."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return {**kept, **settings}


def run_release(root: Path) -> subprocess.CompletedProcess[str]:
    """Build a release in `root`, with the code that lies there."""
    command = [sys.executable, "-m", "release"]
    environment = building_environment()
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
