"""Planning as the task plan_batch does it, by the project's own contract."""

from collections.abc import Callable
from pathlib import Path

import pytest
from lakehouse_airflow import intake
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record

from tests.plugins.airflow_fixtures import ROOT, Bucket

CONTRACT = ROOT / "include" / "contracts" / "orders_lakehouse.odcs.yaml"
PRODUCTS = "product_id,department_id,department,product_name\n1,1,bakery,bread\n"

Plan = Callable[..., str]
Manifest = Callable[[], Record]


@pytest.fixture
def plan(bucket: Bucket, deployment: Deployment) -> Plan:
    """Plans for a DAG run, and returns the batch id."""

    def plan(dag_run_id: str = "run_1", contract: Path = CONTRACT, set_aside: str = "") -> str:
        return intake.plan_batch(deployment, contract, dag_run_id, set_aside)

    return plan


@pytest.fixture
def manifest(bucket: Bucket, plan: Plan) -> Manifest:
    """Plans, and returns the manifest."""

    def manifest() -> Record:
        return bucket.record(f"{plan()}/manifest.json")

    return manifest
