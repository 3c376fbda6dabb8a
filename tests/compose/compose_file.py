"""What ``docker-compose.yaml`` is held to, for the tests of the file and those of the run."""

import re
from pathlib import Path

AIRFLOW = ("airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer")
LONG_RUNNING = ("postgres", "local-aws", *AIRFLOW)
ONE_SHOT = ("secrets", "airflow-database")


def pinned(requirements: Path) -> dict[str, str]:
    """Return the versions that a file of requirements names, by lower-case name."""
    lines = re.findall(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", requirements.read_text(), re.MULTILINE)
    return {name.lower(): version for name, version in lines}
