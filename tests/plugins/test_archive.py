from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError
from lakehouse_airflow import archive
from lakehouse_airflow.archive import ArchiveError, archive_files
from lakehouse_airflow.batches import BatchNotReady
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.moving import FileLost, Move, move_file

from tests.plugins.airflow_fixtures import Bucket, Record


def planned(bucket: Bucket, key: str, verdict: str = "accepted") -> Record:
    """Put a file into raw/ and return its entry of the manifest."""
    version = bucket.put(key, f"content of {key}")
    found = bucket.get(key)
    return {
        "dataset": key.split("/")[1],
        "key": key,
        "version_id": version,
        "etag": found["ETag"].strip('"'),
        "size": found["ContentLength"],
        "delivered_at": "2025-04-01T11:27:00Z",
        "header": {"verdict": verdict, "reasons": []},
    }


def load(bucket: Bucket, *files: Record, rejects: str | None = None) -> None:
    """Make b1 the open batch, planned with these files, loaded and published.

    The load rejects the file `rejects`, besides those that are planned as rejected.
    """
    counted = [
        {
            "key": file["key"],
            "dataset": file["dataset"],
            "verdict": "rejected" if file["key"] == rejects else file["header"]["verdict"],
        }
        for file in files
    ]
    bucket.put_batch(
        manifest={"bucket": bucket.name, "files": list(files)}, load={"files": counted}
    )
    bucket.put_batch(published={"attempt": 1})
    bucket.put_record("b1/attempts/1/verdict.json", {"verdict": "pass"})
    bucket.put_record("_open.json", {"batch_id": "b1"})


def test_every_file_goes_where_it_belongs(bucket: Bucket, deployment: Deployment) -> None:
    load(
        bucket,
        planned(bucket, "raw/orders/a.csv"),
        planned(bucket, "raw/orders/2025/04/a.csv"),
        planned(bucket, "raw/products/bad.csv", verdict="rejected"),
    )

    assert archive_files(deployment, "b1") == 3

    assert bucket.listed("raw/") == []
    assert bucket.listed("archive/") == [
        "archive/orders/b1/2025/04/a.csv",
        "archive/orders/b1/a.csv",
        "archive/rejected_files/b1/products/bad.csv",
    ]


def test_a_file_that_the_load_rejected_for_its_content_is_archived_as_rejected(
    bucket: Bucket, deployment: Deployment
) -> None:
    key = "raw/orders/2025/binary.csv"
    load(bucket, planned(bucket, "raw/orders/a.csv"), planned(bucket, key), rejects=key)

    archive_files(deployment, "b1")

    assert bucket.listed("archive/") == [
        "archive/orders/b1/a.csv",
        "archive/rejected_files/b1/orders/2025/binary.csv",
    ]
    archived = bucket.record("b1/archived.json")["files"]
    assert archived[1]["archive_key"] == "archive/rejected_files/b1/orders/2025/binary.csv"


def test_what_was_archived_is_written_down_and_the_batch_is_closed(
    bucket: Bucket, deployment: Deployment
) -> None:
    file = planned(bucket, "raw/orders/a.csv")
    load(bucket, file)

    archive_files(deployment, "b1")

    assert bucket.record("b1/archived.json") == {
        "files": [
            {
                "key": "raw/orders/a.csv",
                "version_id": file["version_id"],
                "archive_key": "archive/orders/b1/a.csv",
                "size": file["size"],
            }
        ]
    }
    assert "batches/_open.json" not in bucket.listed()


@pytest.mark.parametrize("verdict", ["fail", None], ids=["turned away", "not judged"])
def test_a_batch_that_the_gate_did_not_let_pass_keeps_its_files(
    bucket: Bucket, deployment: Deployment, verdict: str | None
) -> None:
    load(bucket, planned(bucket, "raw/orders/a.csv"))
    bucket.put_record("b1/attempts/1/verdict.json", {"verdict": verdict})

    with pytest.raises(BatchNotReady, match="clear quality_gate"):
        archive_files(deployment, "b1")

    assert bucket.listed("raw/") == ["raw/orders/a.csv"]


def test_a_batch_that_is_not_published_keeps_its_files(
    bucket: Bucket, deployment: Deployment
) -> None:
    load(bucket, planned(bucket, "raw/orders/a.csv"))
    bucket.put_batch(published={"attempt": 0})

    with pytest.raises(BatchNotReady, match="b1 is not published: clear publish_batch"):
        archive_files(deployment, "b1")
    assert bucket.listed("raw/") == ["raw/orders/a.csv"]
    assert bucket.record("_open.json") == {"batch_id": "b1"}


def test_a_batch_that_is_not_loaded_keeps_its_files(bucket: Bucket, deployment: Deployment) -> None:
    load(bucket, planned(bucket, "raw/orders/a.csv"))
    bucket.s3.delete_object(Bucket=bucket.name, Key="batches/b1/load.json")

    with pytest.raises(BatchNotReady, match="clear load_delta"):
        archive_files(deployment, "b1")
    assert bucket.listed("raw/") == ["raw/orders/a.csv"]


def test_a_file_that_failed_leaves_the_others_archived_and_the_next_try_ends_it(
    bucket: Bucket, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(bucket, planned(bucket, "raw/orders/a.csv"), planned(bucket, "raw/orders/b.csv"))

    def broken(s3: Any, move: Move, config: TransferConfig) -> None:
        if move.key == "raw/orders/b.csv":
            raise ConnectionError
        move_file(s3, move, config)

    with monkeypatch.context() as patch:
        patch.setattr(archive, "move_file", broken)
        with pytest.raises(ConnectionError):
            archive_files(deployment, "b1")
    assert bucket.listed("raw/") == ["raw/orders/b.csv"]
    assert bucket.record("_open.json") == {"batch_id": "b1"}

    archive_files(deployment, "b1")

    assert bucket.listed("raw/") == []
    assert len(bucket.record("b1/archived.json")["files"]) == 2


def test_an_archive_that_died_before_closing_the_batch_closes_it(
    bucket: Bucket, deployment: Deployment
) -> None:
    load(bucket, planned(bucket, "raw/orders/a.csv"))
    archive_files(deployment, "b1")
    bucket.put_record("b1/attempts/1/verdict.json", {"verdict": "pass"})
    bucket.put_record("_open.json", {"batch_id": "b1"})

    archive_files(deployment, "b1")

    assert "batches/_open.json" not in bucket.listed()


def test_archiving_again_after_the_archive_was_thinned_out_is_fine(
    bucket: Bucket, deployment: Deployment
) -> None:
    load(bucket, planned(bucket, "raw/orders/a.csv"))
    archive_files(deployment, "b1")
    bucket.s3.delete_object(Bucket=bucket.name, Key="archive/orders/b1/a.csv")

    assert archive_files(deployment, "b1") == 1


def test_archiving_again_later_leaves_the_next_batch_open(
    bucket: Bucket, deployment: Deployment
) -> None:
    load(bucket, planned(bucket, "raw/orders/a.csv"))
    archive_files(deployment, "b1")
    bucket.put_record("_open.json", {"batch_id": "b2"})
    bucket.put("raw/orders/a.csv", "the next day's")

    archive_files(deployment, "b1")

    assert bucket.record("_open.json") == {"batch_id": "b2"}
    assert bucket.listed("raw/") == ["raw/orders/a.csv"]


def test_an_older_version_that_was_never_planned_comes_back_for_the_next_batch(
    bucket: Bucket, deployment: Deployment
) -> None:
    bucket.put("raw/orders/a.csv", "older")
    load(bucket, planned(bucket, "raw/orders/a.csv"))

    archive_files(deployment, "b1")

    assert bucket.get("raw/orders/a.csv")["Body"] == b"older"


def test_a_lost_file_keeps_the_batch_open(bucket: Bucket, deployment: Deployment) -> None:
    file = planned(bucket, "raw/orders/a.csv")
    load(bucket, file)
    bucket.s3.delete_object(Bucket=bucket.name, Key=file["key"], VersionId=file["version_id"])

    with pytest.raises(FileLost, match=r"raw/orders/a\.csv is gone"):
        archive_files(deployment, "b1")
    assert bucket.record("_open.json") == {"batch_id": "b1"}


def test_a_refusal_by_s3_names_the_file(
    bucket: Bucket, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(bucket, planned(bucket, "raw/orders/a.csv"))

    def refused(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "DeleteObject")

    monkeypatch.setattr(archive, "move_file", refused)

    with pytest.raises(ArchiveError, match=r"^raw/orders/a\.csv could not .*AccessDenied"):
        archive_files(deployment, "b1")
