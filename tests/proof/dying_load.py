"""Load one batch of a folder in a process of its own, and die, with the JVM, at a named point.

``python -m tests.proof.dying_load FOLDER BATCH_ID SCRATCH [POINT]``. The points, which it prints:
``enter STEP`` and ``leave STEP``; ``create RECORD`` and ``put RECORD``, before it is written;
``write TABLE``, when a data file has no commit yet; ``commit TABLE``, when the commit is there.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse_spark.contract import read_contract
from lakehouse_spark.load import load_batch
from lakehouse_spark.steps import Counts, Steps

from local_stack.paths import CONTRACT
from tests.glue_scripts.folder_storage import FolderStorage
from tests.glue_scripts.shop import ANY_SHARE
from tests.spark_sessions import brief_settings, start_session

Reach = Callable[[str], None]

# What appears in a table's folder when its data is written, and when that is committed.
FILES = {"write": "part-*.parquet", "commit": "_delta_log/*.json"}


def die() -> None:
    """Kill this process and its JVM, which is of the same group, so that neither ends in order."""
    assert os.getpgrp() == os.getpid(), "run this in a process group of its own"
    os.killpg(0, signal.SIGKILL)


def reaching(deadly: str, root: Path) -> Reach:
    """Return what is called at each point; at the deadly one it does not return."""

    def reach(point: str) -> None:
        # In one piece, because threads reach points too.
        print(f"{point}\n", end="", flush=True)
        if point == deadly:
            die()
        watch_table(root, deadly, point)

    return reach


def watch_steps(reach: Reach) -> None:
    """Reach a point when a step begins, and when all in it is done."""
    proper = Steps.step

    @contextmanager
    def step(steps: Steps, name: str) -> Iterator[Counts]:
        with proper(steps, name) as counts:
            reach(f"enter {name}")
            yield counts
            reach(f"leave {name}")

    setattr(Steps, "step", step)  # noqa: B010, the name is a method's


class WatchedStorage(FolderStorage):
    """Reaches a point before a record is written; the record's name is relative to its batch."""

    def __init__(self, folder: Path, reach: Reach) -> None:
        super().__init__(folder)
        self._reach = reach

    def create(self, key: str, content: bytes) -> bool:
        """Write the object unless there is one; return whether we wrote it."""
        self._reach(f"create {record_name(key)}")
        return super().create(key, content)

    def put(self, key: str, content: bytes) -> None:
        """Write the object, over whatever is there."""
        self._reach(f"put {record_name(key)}")
        super().put(key, content)


def record_name(key: str) -> str:
    """Return the name of a record of the batch, without the batch."""
    return key.split("/", 2)[-1]


def watch_table(root: Path, deadly: str, point: str) -> None:
    """Watch the files of the table from the point where its commit begins."""
    kind, _, table = deadly.partition(" ")
    if kind in FILES and point == f"enter commit_{table}":
        folder = root / ("rejected" if table == "rejected" else f"processed/{table}")
        known = set(folder.rglob(FILES[kind]))
        threading.Thread(target=watch, args=(folder, FILES[kind], known), daemon=True).start()


def watch(folder: Path, pattern: str, known: set[Path]) -> None:
    """Die as soon as `folder` has a file of the pattern that is not known."""
    while set(folder.rglob(pattern)) <= known:
        time.sleep(0.001)
    die()


def main(folder: str, batch_id: str, scratch: str, point: str = "") -> None:
    """Load the batch, or what can be loaded of it until the point is reached."""
    reach = reaching(point, Path(folder))
    watch_steps(reach)
    session = start_session(brief_settings(Path(scratch)))
    storage = WatchedStorage(Path(folder), reach)
    load_batch(session, read_contract(CONTRACT), storage, batch_id, overrides=ANY_SHARE)
    session.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
