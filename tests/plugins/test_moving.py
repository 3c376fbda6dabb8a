from dataclasses import replace
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from lakehouse_airflow import moving
from lakehouse_airflow.moving import CopyDiffers, FileLost, Move, move_file

from tests.plugins.airflow_fixtures import Bucket

RAW, TARGET = "raw/products/a.csv", "archive/products/b1/a.csv"
MEBIBYTE = 1024**2
SMALL_PARTS = TransferConfig(multipart_threshold=6 * MEBIBYTE, multipart_chunksize=5 * MEBIBYTE)


def delivered(bucket: Bucket, body: bytes = b"product_id\n1\n", **options: Any) -> Move:
    """Put a file into raw/ and return its move to the archive."""
    version = bucket.put(RAW, body, **options)
    return Move(
        bucket=bucket.name,
        key=RAW,
        version_id=version,
        size=len(body),
        etag=bucket.get(RAW)["ETag"].strip('"'),
        delivered_at="2025-04-01T11:27:00Z",
        target_key=TARGET,
    )


def versions(bucket: Bucket, prefix: str) -> list[str]:
    listed = bucket.s3.list_object_versions(Bucket=bucket.name, Prefix=prefix)
    return [entry["VersionId"] for entry in listed.get("Versions", [])]


def test_a_file_is_copied_byte_for_byte_then_deleted(bucket: Bucket) -> None:
    move_file(bucket.s3, delivered(bucket, b"a\xff\r\n"))

    assert bucket.get(TARGET)["Body"] == b"a\xff\r\n"
    assert versions(bucket, "raw/") == []


def test_the_copy_keeps_delivery_time_metadata_and_content_type(bucket: Bucket) -> None:
    move = delivered(bucket, Metadata={"supplier": "north"}, ContentType="text/csv")

    move_file(bucket.s3, move)

    copy = bucket.get(TARGET)
    assert copy["ContentType"] == "text/csv"
    assert copy["Metadata"]["supplier"] == "north"
    assert copy["Metadata"]["delivered-at"] == "2025-04-01T11:27:00Z"


def test_the_planned_version_is_copied_and_a_newer_one_stays(bucket: Bucket) -> None:
    move = delivered(bucket, b"planned")
    newer = bucket.put(RAW, b"newer")

    move_file(bucket.s3, move)

    assert bucket.get(TARGET)["Body"] == b"planned"
    assert versions(bucket, "raw/") == [newer]


def test_a_large_file_is_copied_in_parts_with_its_version_and_metadata(bucket: Bucket) -> None:
    move = delivered(bucket, b"x" * (11 * MEBIBYTE), Metadata={"supplier": "north"})
    bucket.put(RAW, b"newer")

    move_file(bucket.s3, move, SMALL_PARTS)

    copy = bucket.get(TARGET)
    assert copy["ETag"].strip('"').endswith("-3")
    assert copy["Body"] == b"x" * (11 * MEBIBYTE)
    assert copy["Metadata"]["supplier"] == "north"
    assert copy["Metadata"]["delivered-at"] == "2025-04-01T11:27:00Z"


@pytest.mark.parametrize("died_before", ["copy", "delete"])
def test_a_move_that_died_is_finished_by_the_next_try(
    died_before: str, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = delivered(bucket)
    with monkeypatch.context() as patch:
        patch.setattr(bucket.s3, {"copy": "copy", "delete": "delete_object"}[died_before], die)
        with pytest.raises(ConnectionError):
            move_file(bucket.s3, move)
    assert versions(bucket, "raw/") == [move.version_id]

    move_file(bucket.s3, move)

    assert bucket.listed() == [TARGET]
    assert len(versions(bucket, "archive/")) == 1


def test_a_finished_move_can_be_made_again(bucket: Bucket) -> None:
    move = delivered(bucket)
    move_file(bucket.s3, move)
    copied = versions(bucket, "archive/")

    move_file(bucket.s3, move)

    assert versions(bucket, "archive/") == copied


def test_a_finished_move_in_parts_can_be_made_again(bucket: Bucket) -> None:
    move = delivered(bucket, b"x" * (7 * MEBIBYTE))
    move_file(bucket.s3, move, SMALL_PARTS)

    move_file(bucket.s3, move, SMALL_PARTS)

    assert bucket.listed() == [TARGET]


def test_a_target_with_other_content_is_written_over(bucket: Bucket) -> None:
    move = delivered(bucket, b"product_id\n1\n")
    bucket.put(TARGET, b"product_id\n2\n")

    move_file(bucket.s3, move)

    assert bucket.get(TARGET)["Body"] == b"product_id\n1\n"


def test_a_copy_that_differs_keeps_the_raw_file(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = delivered(bucket, b"product_id\n1\n")

    def torn_copy(**_: Any) -> None:
        bucket.put(TARGET, b"product_id\n?\n")

    monkeypatch.setattr(bucket.s3, "copy", torn_copy)

    with pytest.raises(CopyDiffers, match=rf"{TARGET} differs from {RAW}"):
        move_file(bucket.s3, move)
    assert versions(bucket, "raw/") == [move.version_id]


def test_a_file_that_is_in_neither_place_is_named(bucket: Bucket) -> None:
    move = delivered(bucket)
    bucket.s3.delete_object(**move.source)

    with pytest.raises(FileLost, match=rf"{move.version_id} of {RAW} is gone"):
        move_file(bucket.s3, move)


def test_another_file_in_the_archive_does_not_stand_for_a_lost_one(bucket: Bucket) -> None:
    move = delivered(bucket)
    move_file(bucket.s3, move)

    with pytest.raises(FileLost):
        move_file(bucket.s3, replace(move, version_id="another"))


def test_no_access_list_is_set(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[Any] = []
    monkeypatch.setattr(moving, "_is_moved", lambda *_: bool(copied))
    monkeypatch.setattr(bucket.s3, "copy", lambda **arguments: copied.append(arguments))

    move_file(bucket.s3, delivered(bucket))

    assert "ACL" not in copied[0]["ExtraArgs"]


def die(**_: Any) -> None:
    raise ConnectionError
