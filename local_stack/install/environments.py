"""The two Python environments: Airflow's, as MWAA has it, and Glue's."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from local_stack.install.pythons import find_python
from local_stack.install.steps import STAMP, complete, fingerprint, is_complete, run
from local_stack.install.uv import find_uv, uv_environment
from local_stack.lines import say
from local_stack.paths import ROOT


@dataclass(frozen=True)
class Environment:
    """A virtual environment: its folder, its packages, the Python 3 minor versions it may have."""

    name: str
    requirements: tuple[str, ...]
    options: tuple[str, ...]
    minors: tuple[int, ...]
    otherwise: str
    """The Python where none of `minors` is there: a path, or a version for uv to get."""

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return ROOT / self.name

    def fingerprint(self) -> str:
        """Return what its content depends on: the requirement files and its Python's version."""
        version = (self.folder / "pyvenv.cfg").read_text() if self.runs() else "none"
        lines = [line for line in version.splitlines() if line.startswith("version_info")]
        return fingerprint(*lines, *(ROOT / name for name in self.requirements))

    def runs(self) -> bool:
        """Tell whether it has a Python, and that still exists."""
        return (self.folder / "bin" / "python").exists()


AIRFLOW = Environment(
    ".venv",
    ("requirements-local.txt", "constraints.txt"),
    ("-r", "requirements-local.txt", "-c", "constraints.txt"),
    (12, 11),
    sys.executable,
)
GLUE = Environment(
    ".venv-glue", ("requirements-glue.txt",), ("-r", "requirements-glue.txt"), (11,), "3.11"
)


def is_installed(environment: Environment) -> bool:
    """Tell whether the environment holds exactly what its requirement files ask for."""
    return environment.runs() and is_complete(environment.folder, environment.fingerprint())


def install_environment(environment: Environment) -> None:
    """Install the pinned packages, unless they are; anew if an earlier installation was cut off."""
    if is_installed(environment):
        return
    stamp = environment.folder / STAMP
    if not (environment.runs() and stamp.exists()):
        make_environment(environment)
    stamp.unlink(missing_ok=True)
    say(f"{environment.name}: installing {environment.requirements[0]}")
    install_packages(environment, "--exact", *environment.options)
    complete(environment.folder, environment.fingerprint())
    say(f"{environment.name}: ready")


def make_environment(environment: Environment) -> None:
    """Make the environment empty, with the Python that suits it best."""
    python = find_python(*environment.minors) or environment.otherwise
    say(f"{environment.name}: a virtual environment of {python}")
    shutil.rmtree(environment.folder, ignore_errors=True)
    command = [find_uv(), "venv", "--python", python, environment.folder]
    run(f"{environment.name}-venv", command, uv_environment())


def install_packages(environment: Environment, *options: str) -> None:
    """Install with uv, compiled: Airflow takes 6 seconds to import without its .pyc files."""
    python = environment.folder / "bin" / "python"
    command = [find_uv(), "pip", "install", "--python", python, "--compile-bytecode", *options]
    run(f"{environment.name}-packages", command, uv_environment())
