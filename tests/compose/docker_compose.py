"""docker-compose 1.29 from PyPI, which needs no engine to read a file."""

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from local_stack.install.environments import Environment, install_environment
from local_stack.paths import ROOT

# Its own requirement of PyYAML below 6 has no wheel for today's Pythons; 6 works, as in Debian.
COMPOSE = Environment(
    ".local/docker-compose",
    ("requirements-compose.txt",),
    ("--no-deps", "-r", "requirements-compose.txt"),
    (11,),
    "3.11",
)


def installed_compose() -> Path:
    """Return the docker-compose that the requirement file pins, installed if it is not there."""
    install_environment(COMPOSE)
    return COMPOSE.folder / "bin" / "docker-compose"


def read_config(**variables: str) -> dict[str, Any]:
    """Return the file as docker-compose understands it, with these variables and no others."""
    ended = subprocess.run(
        [installed_compose(), "config"],
        cwd=ROOT,
        env={"PATH": os.defpath, **variables},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    config: dict[str, Any] = yaml.safe_load(ended.stdout)
    return config
