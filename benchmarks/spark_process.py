"""Processes with Spark in them, all with the settings and the environment of a local Glue run."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks import ROOT
from local_aws.spark_defaults import spark_defaults

LOCAL = ROOT / ".local"
JARS, JAVA_HOME = LOCAL / "jars", LOCAL / "java_home"
NOT_INHERITED = re.compile(r"(AWS|JAVA|PYSPARK|SPARK)(_|$)|PYTHON")
LAST_LINES = 15


class SubjectError(RuntimeError):
    """A process of the benchmark failed."""


def run_module(
    module: str,
    arguments: list[str],
    folder: Path,
    code: Path,
    conf: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run ``python -m module`` with the jobs' `code`; return its output's last line.

    Its settings, scratch and output are in `folder`.

    Raises:
        SubjectError: it failed; the message has its last lines.
    """
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    write_conf(folder, spark_defaults(JARS, scratch) | dict(conf or {}))
    run = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env=process_environment(folder, code) | dict(environment or {}),
        cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    (folder / "output.log").write_text(run.stdout + run.stderr)
    shutil.rmtree(scratch)
    if run.returncode:
        last = "\n".join(run.stderr.splitlines()[-LAST_LINES:])
        raise SubjectError(f"{module} {' '.join(arguments)} failed; {folder}/output.log:\n{last}")
    return run.stdout.rstrip().rpartition("\n")[2]


def write_conf(folder: Path, settings: Mapping[str, str]) -> None:
    """Write the settings where Spark looks for them."""
    lines = [f"{name} {value}\n" for name, value in settings.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines))


def process_environment(folder: Path, code: Path) -> dict[str, str]:
    """Return the environment: this one's, less what could change a measurement."""
    inherited = {name: text for name, text in os.environ.items() if not NOT_INHERITED.match(name)}
    return {
        **inherited,
        "JAVA_HOME": JAVA_HOME.read_text().strip(),
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(code),
        "TMPDIR": str(folder / "scratch"),
    }
