"""Tell whether a part of Airflow is healthy, as its API server sees it."""

import json
import sys
from urllib.request import urlopen

HEALTH = "http://airflow-api-server:8080/api/v2/monitor/health"


def is_healthy(part: str) -> bool:
    """Return whether the part has given a sign of life lately."""
    with urlopen(HEALTH, timeout=10) as answer:
        return bool(json.load(answer)[part]["status"] == "healthy")


if __name__ == "__main__":
    sys.exit(not is_healthy(sys.argv[1]))
