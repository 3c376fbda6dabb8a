"""A planned batch of two files in raw/, and what a supplier does to them."""

import pytest

from tests.plugins.airflow_fixtures import Bucket
from tests.plugins.planning_fixtures import PRODUCTS, Plan

A, B = "raw/products/a.csv", "raw/products/b.csv"
OTHER = PRODUCTS + "2,1,bakery,roll\n"


def withdraw(bucket: Bucket, key: str = A) -> None:
    bucket.s3.delete_object(Bucket=bucket.name, Key=key)


def withdraw_all(bucket: Bucket) -> None:
    withdraw(bucket, A)
    withdraw(bucket, B)


def replace(bucket: Bucket) -> None:
    bucket.put(A, OTHER)


def delete_newest(bucket: Bucket, key: str = A) -> None:
    """Bring back what lies below the newest version, or below the delete marker."""
    listed = bucket.s3.list_object_versions(Bucket=bucket.name, Prefix=key)
    entries = [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]
    [newest] = [entry["VersionId"] for entry in entries if entry["IsLatest"]]
    bucket.s3.delete_object(Bucket=bucket.name, Key=key, VersionId=newest)


@pytest.fixture
def old(bucket: Bucket, plan: Plan) -> str:
    """The batch of run_1, with the files A and B."""
    bucket.put(A, PRODUCTS)
    bucket.put(B, PRODUCTS)
    return plan("run_1")


def planned_files(bucket: Bucket, batch_id: str) -> dict[str, str]:
    files = bucket.record(f"{batch_id}/manifest.json")["files"]
    return {file["key"]: file["version_id"] for file in files}


def lying_in_raw(bucket: Bucket) -> dict[str, str]:
    return {key: bucket.get(key)["VersionId"] for key in bucket.listed("raw/")}
