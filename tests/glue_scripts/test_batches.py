"""The JSON records of a batch."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lakehouse_spark.batches import BatchRecords, ManifestError, PlannedFile

from tests.glue_scripts.folder_storage import FolderStorage


@pytest.fixture
def records(tmp_path: Path) -> BatchRecords:
    return BatchRecords(FolderStorage(tmp_path), "b1")


def test_a_record_is_kept_under_the_batch(records: BatchRecords, tmp_path: Path) -> None:
    records.put("load.json", {"state": "committed"})
    assert (tmp_path / "batches/b1/load.json").exists()
    assert records.read("load.json") == {"state": "committed"}


def test_a_record_that_is_not_there_is_none(records: BatchRecords) -> None:
    records.delete("load.json")
    assert records.read("load.json") is None


def test_a_record_that_is_created_twice_stays_the_first(records: BatchRecords) -> None:
    assert records.create("attempts/1/base_versions.json", {"orders": 1}) == {"orders": 1}
    assert records.create("attempts/1/base_versions.json", {"orders": 2}) == {"orders": 1}


def test_each_undo_that_was_started_ends_an_attempt(records: BatchRecords) -> None:
    assert (records.current_attempt(), records.unfinished_undo()) == (1, None)
    records.put("attempts/1/undo_started.json", {})
    assert (records.current_attempt(), records.unfinished_undo()) == (2, 1)
    records.put("attempts/1/undone.json", {})
    assert (records.current_attempt(), records.unfinished_undo()) == (2, None)


def test_attempts_are_counted_as_numbers(records: BatchRecords) -> None:
    for attempt in range(1, 11):
        records.put(f"attempts/{attempt}/undo_started.json", {})
    assert (records.current_attempt(), records.unfinished_undo()) == (11, 10)


def test_a_batch_without_a_manifest_is_an_error(records: BatchRecords) -> None:
    with pytest.raises(ManifestError, match=r"batch b1 has no manifest\.json"):
        records.manifest()


def test_the_manifest_says_which_files_are_to_be_read(records: BatchRecords) -> None:
    file = {
        "dataset": "orders",
        "key": "raw/orders/a.csv",
        "version_id": "v1",
        "etag": '"abc"',
        "size": 9,
        "delivered_at": "2025-05-01T09:00:00Z",
        "columns": ["id"],
        "header": {"verdict": "accepted", "reasons": []},
    }
    bad = file | {"header": {"verdict": "rejected", "reasons": ["missing_column:user_id"]}}
    other = file | {"dataset": "products", "key": "raw/products/a.csv"}
    records.put(
        "manifest.json",
        {
            "batch_id": "b1",
            "planned_at": "2025-05-01T12:00:00Z",
            "contract_version": "1.0.0",
            "files": [file, bad, other],
        },
    )
    manifest = records.manifest()
    nine = datetime(2025, 5, 1, 9, tzinfo=UTC)
    assert manifest.accepted("orders") == [
        PlannedFile("orders", "raw/orders/a.csv", "v1", "abc", nine, ("id",), True, ())
    ]
    assert len(manifest.accepted()) == 2
    assert manifest.files[1].reasons == ("missing_column:user_id",)
