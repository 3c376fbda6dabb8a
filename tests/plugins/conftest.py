from collections.abc import Iterator

import pytest
from lakehouse_airflow.deployment import Deployment, read_deployment

from tests.plugins.airflow_fixtures import ROOT, Bucket, aws, bucket, endpoint
from tests.plugins.glue_fixtures import GlueJob, NewJob, create_job
from tests.plugins.incident_fixtures import fail, inbox
from tests.plugins.planning_fixtures import manifest, plan
from tests.plugins.publication_fixtures import lake
from tests.plugins.replanning_fixtures import old

__all__ = ["aws", "bucket", "endpoint", "fail", "inbox", "lake", "manifest", "old", "plan"]


@pytest.fixture(scope="session")
def deployment() -> Deployment:
    """The project's deploy facts."""
    return read_deployment(ROOT / "infra" / "lakehouse.yaml")


@pytest.fixture
def new_job(bucket: Bucket, deployment: Deployment) -> Iterator[NewJob]:
    """Makes a script the load job; no run of it outlives the test."""
    jobs: list[GlueJob] = []

    def new_job(script: str) -> GlueJob:
        jobs.append(create_job(bucket, deployment.glue_jobs.load.name, script))
        return jobs[-1]

    yield new_job
    for job in jobs:
        job.stop_all()
