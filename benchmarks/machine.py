"""The machine and the versions that the figures belong to."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks.job_code import JobCode


def describe_machine(code: JobCode, loads: tuple[float, float]) -> list[str]:
    """Return the description; `loads` are the machine's load averages before and after the run."""
    versions = ", ".join(
        f"{name} {version(name)}" for name in ("pyspark", "delta-spark", "pyarrow")
    )
    return [
        f"* {datetime.now(UTC):%Y-%m-%d}; {processor()}, {os.cpu_count()} cores, {memory()} GB, "
        f"{platform.system()} {platform.release()}",
        f"* Python {platform.python_version()}, {versions}; code {code.digest}",
        f"* load average {loads[0]:.1f} before and {loads[1]:.1f} after the run",
    ]


def processor() -> str:
    """Return the processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def memory() -> int:
    """Return the size of the memory in GB."""
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3)
