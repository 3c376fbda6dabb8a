"""Git checkouts for tests."""

import os
import subprocess
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
