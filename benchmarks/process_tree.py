"""What a process and all that it started have used, as Linux counts it under ``/proc``."""

import os
from collections.abc import Iterator
from pathlib import Path

PROC = Path("/proc")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
# Places in /proc/<pid>/stat after the command's name.
PARENT = 1
OWN_AND_WAITED_FOR = slice(11, 15)  # utime, stime, and those of children that have ended


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of the process and of its descendants, those that ended included."""
    ticks = (int(ticks) for each in tree(pid) for ticks in _stat(each)[OWN_AND_WAITED_FOR])
    return sum(ticks) / TICKS_A_SECOND


def peak_megabytes(pid: int) -> float:
    """Return the resident memory of the process and its descendants, each at its own peak.

    Linux keeps the peaks, so none is missed between two samples; their sum is never too low.
    """
    return sum(_peak_kilobytes(each) for each in tree(pid)) / 1024


def tree(pid: int) -> Iterator[int]:
    """Give the process and its living descendants."""
    parents = {int(path.name): _parent(int(path.name)) for path in PROC.glob("[0-9]*")}
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    yield from found


def _parent(pid: int) -> int | None:
    stat = _stat(pid)
    return int(stat[PARENT]) if stat else None


def _stat(pid: int) -> list[str]:
    try:
        text = (PROC / str(pid) / "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # it has ended since it was listed
        return []
    return text.rpartition(")")[2].split()


def _peak_kilobytes(pid: int) -> int:
    try:
        status = (PROC / str(pid) / "status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    return int(lines.get("VmHWM", "0 kB").split()[0])
