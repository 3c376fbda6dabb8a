"""Prepare what Airflow starts from: its database, and the pool that the deploy facts name."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

HOME = Path("/opt/airflow")
FACTS = HOME / "dags" / "include" / "lakehouse.yaml"
OUTDATED = (
    "requirements.txt is not the one that this image was built with: "
    "build it again with docker compose build (or docker-compose build)."
)


def prepare() -> None:
    """Make the tables and the pool, or bring them up to date.

    Raises:
        SystemExit: the image lacks what requirements.txt asks for by now.
    """
    wanted, installed = HOME / "requirements.txt", HOME / "installed" / "requirements.txt"
    if wanted.read_bytes() != installed.read_bytes():
        sys.exit(OUTDATED)
    run_airflow("db", "migrate")
    pool: dict[str, Any] = yaml.safe_load(FACTS.read_text())["airflow"]["pool"]
    deferred = ["--include-deferred"] if pool["include_deferred"] else []
    run_airflow("pools", "set", pool["name"], str(pool["slots"]), "of the deploy facts", *deferred)


def run_airflow(*arguments: str) -> None:
    """Run one command of Airflow, which must succeed."""
    subprocess.run(["airflow", *arguments], check=True)


if __name__ == "__main__":
    prepare()
