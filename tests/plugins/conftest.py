import pytest
from lakehouse_airflow.deployment import Deployment, read_deployment

from tests.plugins.airflow_fixtures import ROOT, aws, bucket, endpoint

__all__ = ["aws", "bucket", "endpoint"]


@pytest.fixture
def deployment() -> Deployment:
    """The project's deploy facts."""
    return read_deployment(ROOT / "infra" / "lakehouse.yaml")
