"""What the commits of a round did to the data files, read from the logs of its tables."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def commit_files(bucket: Path) -> set[Path]:
    """Return the commits of all tables in a bucket, relative to it."""
    found = (path for path in bucket.rglob("_delta_log/*.json") if not path.name.startswith("."))
    return {path.relative_to(bucket) for path in found}


def changed_files(bucket: Path, before: set[Path]) -> Counter[str]:
    """Return how many data files were added and removed since `before`, in all tables."""
    return Counter(
        kind
        for commit in commit_files(bucket) - before
        for action in read_actions(bucket / commit)
        for kind in ("add", "remove")
        if kind in action
    )


def read_actions(commit: Path) -> Iterator[dict[str, Any]]:
    """Give the actions of a commit."""
    for line in commit.read_text().splitlines():
        yield json.loads(line)
