import dataclasses
import hashlib
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from airflow.sdk.exceptions import AirflowSkipException
from lakehouse_airflow import intake
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.manifest import BucketNotVersioned
from lakehouse_airflow.records import Record, Records

from tests.plugins.airflow_fixtures import Bucket
from tests.plugins.planning_fixtures import CONTRACT, PRODUCTS, Plan


class Died(BaseException):
    """The worker died."""


def test_a_batch_is_named_by_the_hash_of_its_keys_and_versions(bucket: Bucket, plan: Plan) -> None:
    second = bucket.put("raw/products/b.csv", PRODUCTS)
    first = bucket.put("raw/products/a.csv", PRODUCTS)

    pairs = f"raw/products/a.csv\n{first}\nraw/products/b.csv\n{second}\n"
    assert plan() == hashlib.sha256(pairs.encode()).hexdigest()[:16]


def test_the_manifest_says_what_the_batch_is(bucket: Bucket, plan: Plan) -> None:
    version = bucket.put("raw/products/2025-04-01.csv", PRODUCTS)
    batch_id = plan("manual__1")
    manifest = bucket.record(f"{batch_id}/manifest.json")
    written = bucket.get("raw/products/2025-04-01.csv")

    planned_at = datetime.fromisoformat(manifest.pop("planned_at"))
    assert abs((datetime.now(UTC) - planned_at).total_seconds()) < 60
    assert manifest == {
        "batch_id": batch_id,
        "planned_by": "manual__1",
        "contract_version": "1.0.0",
        "bucket": bucket.name,
        "files": [
            {
                "dataset": "products",
                "key": "raw/products/2025-04-01.csv",
                "version_id": version,
                "etag": hashlib.md5(PRODUCTS.encode()).hexdigest(),
                "size": len(PRODUCTS),
                "delivered_at": written["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ"),
                "columns": ["product_id", "department_id", "department", "product_name"],
                "header": {"verdict": "accepted", "reasons": []},
            }
        ],
    }


def test_the_open_batch_and_the_run_s_batch_are_written_down(bucket: Bucket, plan: Plan) -> None:
    bucket.put("raw/products/a.csv", PRODUCTS)
    batch_id = plan("manual__2026-11-24T03:00:00+00:00")

    assert bucket.record("_open.json") == {"batch_id": batch_id}
    assert bucket.record("_runs/manual__2026-11-24T03:00:00+00:00.json") == {"batch_id": batch_id}


def test_a_run_that_plans_again_gets_its_own_batch_though_more_has_come(
    bucket: Bucket, plan: Plan
) -> None:
    bucket.put("raw/products/a.csv", PRODUCTS)
    batch_id = plan("run_1")
    bucket.s3.delete_object(Bucket=bucket.name, Key="batches/_open.json")
    bucket.put("raw/products/b.csv", PRODUCTS)

    assert plan("run_1") == batch_id
    assert bucket.listed("batches/_open.json") == []


def test_another_run_takes_up_the_open_batch(bucket: Bucket, plan: Plan) -> None:
    bucket.put("raw/products/a.csv", PRODUCTS)
    batch_id = plan("run_1")
    bucket.put("raw/products/b.csv", PRODUCTS)

    assert plan("run_2") == batch_id
    assert bucket.record("_runs/run_2.json") == {"batch_id": batch_id}


@pytest.mark.parametrize("writes", [1, 2, 3], ids=["manifest", "open batch", "run record"])
def test_a_planner_that_dies_after_a_write_plans_the_same_batch_again(
    writes: int, bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("raw/products/a.csv", PRODUCTS)
    with monkeypatch.context() as patch:
        die_after(writes, patch)
        with pytest.raises(Died):
            plan()
    [first_manifest] = [key for key in bucket.listed("batches/") if key.endswith("manifest.json")]
    version = bucket.get(first_manifest)["VersionId"]

    batch_id = plan()

    assert first_manifest == f"batches/{batch_id}/manifest.json"
    assert bucket.get(first_manifest)["VersionId"] == version
    assert bucket.record("_open.json") == bucket.record("_runs/run_1.json")
    assert len(bucket.listed("batches/")) == 3


def test_of_two_planners_at_once_the_slower_takes_up_the_other_s_batch(
    bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("raw/products/a.csv", PRODUCTS)
    batches: list[str] = []
    create = Records.create

    def overtaken(records: Records, name: str, record: Record) -> Record:
        if name == "_open.json" and not batches:
            batches.append("")
            bucket.put("raw/products/b.csv", PRODUCTS)
            batches[0] = plan("faster")
        return create(records, name, record)

    monkeypatch.setattr(Records, "create", overtaken)

    assert plan("slower") == batches[0]
    assert len(bucket.record(f"{batches[0]}/manifest.json")["files"]) == 2


@pytest.mark.parametrize(
    "keys",
    [
        pytest.param([], id="nothing"),
        pytest.param(["raw/products/", "raw/customers/a.csv"], id="nothing of a dataset"),
    ],
)
def test_without_a_file_to_load_the_task_is_skipped(
    keys: list[str], bucket: Bucket, plan: Plan
) -> None:
    for key in keys:
        bucket.put(key)

    with pytest.raises(AirflowSkipException, match="no file of a known dataset"):
        plan()
    assert bucket.listed("batches/") == []


def test_a_bucket_without_versions_is_refused(aws: str, deployment: Deployment) -> None:
    boto3.client("s3").create_bucket(Bucket="plain-bucket")

    with pytest.raises(BucketNotVersioned, match="enable versioning"):
        intake.plan_batch(dataclasses.replace(deployment, bucket="plain-bucket"), CONTRACT, "run_1")


def die_after(writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the worker die right after its n-th write of a record."""
    write = Records._write
    left = iter(range(writes - 1, -1, -1))

    def mortal_write(records: Records, *arguments: Any, **condition: Any) -> None:
        write(records, *arguments, **condition)
        if next(left) == 0:
            raise Died

    monkeypatch.setattr(Records, "_write", mortal_write)
