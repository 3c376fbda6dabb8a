"""The local S3 of the rounds that count."""

from pathlib import Path

import boto3  # type: ignore[import-untyped]

from benchmarks.local_s3 import BUCKET, s3_bucket
from benchmarks.s3_requests import count_requests


def test_a_folder_is_a_bucket_whose_requests_are_counted(tmp_path: Path) -> None:
    (tmp_path / "folder/raw").mkdir(parents=True)
    (tmp_path / "folder/raw/o.csv").write_text("1")
    with s3_bucket(tmp_path / "folder", tmp_path / "work"):
        before = count_requests()
        listed = boto3.client("s3").list_objects_v2(Bucket=BUCKET)
        counted = count_requests() - before
    assert [entry["Key"] for entry in listed["Contents"]] == ["raw/o.csv"]
    assert counted == {"LIST": 1}
