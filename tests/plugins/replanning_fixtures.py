"""A planned batch of two files in raw/, how far it may have come, and what a supplier does."""

import threading
from typing import Any

import pytest
from botocore.client import BaseClient

from tests.plugins.airflow_fixtures import Bucket, Record
from tests.plugins.planning_fixtures import PRODUCTS, Plan

A, B = "raw/products/a.csv", "raw/products/b.csv"
OTHER = PRODUCTS + "2,1,bakery,roll\n"

BEGUN: dict[str, dict[str, Record]] = {
    "committing": {"attempts/1/base_versions": {}},
    "being taken back": {"attempts/1/base_versions": {}, "attempts/1/undo_started": {}},
}
LOADED: dict[str, dict[str, Record]] = {
    "loaded": {"attempts/1/base_versions": {}, "load": {}},
    "archived": {"load": {}, "archived": {"files": []}},
    "archived, and taken back since": {
        "archived": {"files": []},
        "attempts/1/undo_started": {},
        "attempts/1/undone": {},
    },
}
TAKEN_BACK: dict[str, Record] = {
    "attempts/1/base_versions": {},
    "attempts/1/undo_started": {},
    "attempts/1/undone": {},
}


WRITES = frozenset({"PutObject", "DeleteObject"})


class Died(BaseException):
    """The worker died."""


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


def die_after(calls: int, monkeypatch: pytest.MonkeyPatch, among: frozenset[str] = WRITES) -> None:
    """Let the worker die right after S3 answered its n-th write or delete, or call of others."""
    call = BaseClient._make_api_call  # type: ignore[attr-defined]
    left = iter(range(calls - 1, -1, -1))

    def mortal_call(client: BaseClient, operation: str, parameters: Any) -> Any:
        try:
            return call(client, operation, parameters)
        finally:
            if operation in among and in_task() and next(left, 1) == 0:
                raise Died

    monkeypatch.setattr(BaseClient, "_make_api_call", mortal_call)


def in_task() -> bool:
    """Return whether this is the task's thread, not one of those that copy files for it."""
    return threading.current_thread() is threading.main_thread()
