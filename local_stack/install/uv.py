"""The installer of Python packages: the machine's uv, or one of our own."""

import ast
import os
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from local_stack.install.steps import InstallError, run
from local_stack.lines import say
from local_stack.paths import LOCAL

VERSION = "0.13.9"
OLDEST = (0, 8)
OURS = LOCAL / "uv"
NO_PIP = (
    "This Python has no pip to install uv with: install your system's packages for venv and pip "
    "(on Debian and Ubuntu: apt install python3-venv), or uv itself, and run make setup again."
)
# What pip may have been told on this machine, and the name under which uv wants to hear it.
FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "cert": "SSL_CERT_FILE",
}


@cache
def find_uv() -> Path | str:
    """Return a uv that works, installing one into `OURS` where the machine has none."""
    if is_recent("uv"):
        return "uv"
    ours = OURS / "bin" / "uv"
    if not is_recent(ours):
        say(f"uv: installing {VERSION}")
        install_uv()
    return ours


def is_recent(uv: Path | str) -> bool:
    """Tell whether `uv` runs and knows the options we use."""
    try:
        command = [uv, "--version"]
        answer = subprocess.check_output(command, stderr=subprocess.DEVNULL, text=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    version = re.search(r"(\d+)\.(\d+)", answer)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST


def install_uv() -> None:
    """Install the pinned uv with pip, in a virtual environment of its own."""
    python = OURS / "bin" / "python"
    if find_spec("ensurepip"):
        run("uv-venv", [sys.executable, "-m", "venv", "--clear", OURS], {})
        pip: list[str | Path] = [python, "-m", "pip"]
    elif find_spec("pip"):
        run("uv-venv", [sys.executable, "-m", "venv", "--clear", "--without-pip", OURS], {})
        pip = [sys.executable, "-m", "pip", "--python", python]
    else:
        raise InstallError(NO_PIP)
    run("uv", [*pip, "install", "--quiet", f"uv=={VERSION}"], {})


@cache
def uv_environment() -> dict[str, str]:
    """Return what uv should know of pip's configuration, which it does not read itself."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True
    )
    told = pip_settings(listing.stdout) | pip_variables()
    return {
        name: told[key] for key, name in FROM_PIP.items() if key in told and name not in os.environ
    }


def pip_settings(listing: str) -> dict[str, str]:
    """Return ``{"index-url": …}`` from the lines of ``pip config list``."""
    lines = [line.partition("=") for line in listing.splitlines() if "=" in line]
    return {name.rpartition(".")[2]: ast.literal_eval(value) for name, _, value in lines}


def pip_variables() -> dict[str, str]:
    """Return what pip is told by the environment, also on a machine without pip."""
    names = {key: f"PIP_{key.upper().replace('-', '_')}" for key in FROM_PIP}
    return {key: os.environ[name] for key, name in names.items() if name in os.environ}
