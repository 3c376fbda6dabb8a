"""Prepare what Airflow starts from: its database, and the pool that the deploy facts name."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

HOME = Path("/opt/airflow")
FACTS = "dags/include/lakehouse.yaml"
OUTDATED = (
    "requirements.txt is not the one that this image was built with: "
    "build it again with docker compose build (or docker-compose build)."
)


def prepare(home: Path = HOME) -> None:
    """Make the tables and the pool, or bring them up to date.

    Raises:
        SystemExit: the image lacks what requirements.txt asks for by now.
    """
    require_same_requirements(home)
    run_airflow("db", "migrate")
    pool: dict[str, Any] = yaml.safe_load((home / FACTS).read_text())["airflow"]["pool"]
    deferred = ["--include-deferred"] if pool["include_deferred"] else []
    run_airflow("pools", "set", pool["name"], str(pool["slots"]), "of the deploy facts", *deferred)


def require_same_requirements(home: Path) -> None:
    """Do nothing when the image was built with the checkout's requirements.txt.

    Raises:
        SystemExit: it was built with another.
    """
    wanted, installed = home / "requirements.txt", home / "installed" / "requirements.txt"
    if wanted.read_bytes() != installed.read_bytes():
        sys.exit(OUTDATED)


def run_airflow(*arguments: str) -> None:
    """Run one command of Airflow, which must succeed."""
    subprocess.run(["airflow", *arguments], check=True)


if __name__ == "__main__":
    prepare()
