import logging
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from lakehouse_airflow import manifest as manifests

from tests.plugins.airflow_fixtures import Bucket
from tests.plugins.planning_fixtures import PRODUCTS, Manifest, Plan


@pytest.fixture
def far_from_utc() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("raw/customers/a.csv", id="no dataset of the contract"),
        pytest.param("raw/products/a.txt", id="no csv file"),
        pytest.param("raw/a.csv", id="in no folder"),
        pytest.param("raw/products/_a.csv", id="hidden from Spark by an underscore"),
        pytest.param("raw/products/2025/.a.csv", id="hidden from Spark by a dot"),
    ],
)
def test_a_file_that_belongs_to_no_dataset_is_left_alone_and_named(
    key: str, bucket: Bucket, manifest: Manifest, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.put(key, PRODUCTS)
    bucket.put("raw/products/good.csv", PRODUCTS)

    with caplog.at_level(logging.WARNING):
        files = manifest()["files"]

    assert [file["key"] for file in files] == ["raw/products/good.csv"]
    assert f"{key} is left alone" in caplog.text
    assert key in bucket.listed()


def test_a_folder_marker_is_no_file(
    bucket: Bucket, manifest: Manifest, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.put("raw/")
    bucket.put("raw/products/")
    bucket.put("raw/products/a.csv", PRODUCTS)

    assert len(manifest()["files"]) == 1
    assert "left alone" not in caplog.text


def test_a_withdrawn_file_is_not_planned(bucket: Bucket, manifest: Manifest) -> None:
    bucket.put("raw/products/a.csv", PRODUCTS)
    bucket.put("raw/products/b.csv", PRODUCTS)
    bucket.s3.delete_object(Bucket=bucket.name, Key="raw/products/b.csv")

    assert [file["key"] for file in manifest()["files"]] == ["raw/products/a.csv"]


def test_of_a_file_that_was_overwritten_the_newest_version_is_planned(
    bucket: Bucket, manifest: Manifest
) -> None:
    bucket.put("raw/products/a.csv", "older")
    newest = bucket.put("raw/products/a.csv", PRODUCTS)

    assert [file["version_id"] for file in manifest()["files"]] == [newest]


def test_the_header_is_read_from_the_planned_version(
    bucket: Bucket, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("raw/products/a.csv", PRODUCTS)
    newest_versions = manifests._newest_versions

    def overwritten_after_listing(*arguments: Any) -> list[Any]:
        listed = list(newest_versions(*arguments))
        bucket.put("raw/products/a.csv", "product_id\n")
        return listed

    monkeypatch.setattr(manifests, "_newest_versions", overwritten_after_listing)

    [file] = bucket.record(f"{plan()}/manifest.json")["files"]
    assert file["header"]["verdict"] == "accepted"


def test_a_file_with_a_bad_header_is_planned_as_rejected(
    bucket: Bucket, manifest: Manifest
) -> None:
    header = "order_num,order_id,order_timestamp,total_amount,date"
    bucket.put("raw/orders/a.csv", f"{header}\n1,1,2025-04-01T11:27:00,9.99,2025-04-01\n")

    [file] = manifest()["files"]
    assert file["header"] == {"verdict": "rejected", "reasons": ["missing_column:user_id"]}
    assert file["columns"] == header.split(",")


def test_an_empty_file_is_planned_as_rejected(bucket: Bucket, manifest: Manifest) -> None:
    bucket.put("raw/orders/a.csv")

    [file] = manifest()["files"]
    assert file["header"] == {"verdict": "rejected", "reasons": ["empty_file"]}


@pytest.mark.parametrize(
    ("kept", "delivered_at"),
    [
        pytest.param("2025-04-01T11:27:00Z", "2025-04-01T11:27:00Z", id="utc"),
        pytest.param("2025-04-01T13:27:00+02:00", "2025-04-01T11:27:00Z", id="with an offset"),
        pytest.param("2025-04-01T11:27:00", "2025-04-01T11:27:00Z", id="without an offset"),
    ],
)
def test_a_file_from_the_archive_keeps_its_delivery_time(
    kept: str,
    delivered_at: str,
    bucket: Bucket,
    manifest: Manifest,
    far_from_utc: None,
) -> None:
    bucket.put("raw/products/a.csv", PRODUCTS, Metadata={"delivered-at": kept})

    assert manifest()["files"][0]["delivered_at"] == delivered_at


def test_a_delivery_time_that_is_no_time_is_ignored_and_named(
    bucket: Bucket, manifest: Manifest, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.put("raw/products/a.csv", PRODUCTS, Metadata={"delivered-at": "yesterday"})
    modified_at = bucket.get("raw/products/a.csv")["LastModified"]

    delivered_at = manifest()["files"][0]["delivered_at"]

    assert datetime.fromisoformat(delivered_at) == modified_at
    assert "raw/products/a.csv: metadata delivered-at is no ISO time" in caplog.text
