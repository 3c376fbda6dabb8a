from pathlib import Path

import pytest
import yaml

from tests.dags.lakehouse import Lakehouse, set_up
from tests.plugins.airflow_fixtures import ROOT, aws, endpoint

__all__ = ["aws", "endpoint"]

FAST = {
    "schedule": None,
    "sensor_timeout_seconds": 5,
    "retries": 1,
    "retry_delay_seconds": 0,
    "max_retry_delay_seconds": 1,
    "poll_seconds": {"sensor": 1, "glue": 1, "crawler": 1, "athena": 1},
}


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's DAGs and plugins, with an environment ``fast`` that does not wait long."""
    project = tmp_path_factory.mktemp("project")
    include = project / "dags" / "include"
    include.mkdir(parents=True)
    (project / "plugins").symlink_to(ROOT / "plugins")
    for path in (ROOT / "dags").glob("*.py"):
        (project / "dags" / path.name).symlink_to(path)
    for name in ("contracts", "sql"):
        (include / name).symlink_to(ROOT / "include" / name)
    facts = yaml.safe_load((ROOT / "infra" / "lakehouse.yaml").read_text())
    facts["environments"] = {"fast": {"airflow": FAST}}
    (include / "lakehouse.yaml").write_text(yaml.safe_dump(facts))
    return project


@pytest.fixture
def lakehouse(aws: str) -> Lakehouse:
    """A set-up AWS with one file in raw/."""
    return set_up(aws)
