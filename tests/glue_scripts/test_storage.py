"""The bucket on S3, asked of a server that speaks S3; and the folder that stands for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from lakehouse_spark import storage as storage_module
from lakehouse_spark.storage import CONFLICT_PAUSES, S3Storage, VersionedStorage

from tests.glue_scripts.folder_storage import FolderStorage
from tests.glue_scripts.local_cloud import local_cloud, new_bucket


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start an AWS of our own; return its address."""
    with local_cloud(tmp_path_factory.mktemp("local_aws")) as endpoint:
        yield endpoint


@pytest.fixture
def bucket(cloud: str, monkeypatch: pytest.MonkeyPatch) -> S3Storage:
    """Return a versioned bucket, empty."""
    return new_bucket(cloud, monkeypatch)


@pytest.fixture(params=["versioned", "not versioned", "folder"])
def any_storage(
    cloud: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> VersionedStorage:
    """Return one of each kind of storage, empty."""
    if request.param == "folder":
        return FolderStorage(tmp_path)
    return new_bucket(cloud, monkeypatch, "Enabled" if request.param == "versioned" else None)


def test_spark_finds_the_bucket_under_its_root(bucket: S3Storage) -> None:
    assert bucket.root.startswith("s3://bucket-")


def test_what_is_put_can_be_read_until_it_is_deleted(bucket: S3Storage) -> None:
    bucket.put("a.json", b"1")
    bucket.put("a.json", b"2")
    assert bucket.read("a.json") == b"2"
    bucket.delete("a.json")
    bucket.delete("a.json")
    assert bucket.read("a.json") is None


def test_an_object_is_created_once(bucket: S3Storage) -> None:
    assert bucket.create("a.json", b"1")
    assert not bucket.create("a.json", b"2")
    assert bucket.read("a.json") == b"1"


def test_of_many_that_create_an_object_at_once_one_does(any_storage: VersionedStorage) -> None:
    racers, rounds = 3, 20
    start = Barrier(racers)

    def race(name: int) -> list[bool]:
        wins = []
        for number in range(rounds):
            start.wait(60)
            wins.append(any_storage.create(f"race/{number}", bytes([name]) * 100_000))
        return wins

    with ThreadPoolExecutor(racers) as pool:
        wins = list(pool.map(race, range(racers)))
    for number, won in enumerate(zip(*wins, strict=True)):
        assert sum(won) == 1
        assert any_storage.read(f"race/{number}") == bytes([won.index(True)]) * 100_000


@pytest.fixture
def conflicts(bucket: S3Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Return what answers for S3, and pause no longer than a test can wait."""
    monkeypatch.setattr(storage_module, "CONFLICT_PAUSES", [0.0] * len(CONFLICT_PAUSES))
    with Stubber(bucket._client) as answers:
        yield answers
        answers.assert_no_pending_responses()


def test_a_conflict_is_tried_again(bucket: S3Storage, conflicts: Stubber) -> None:
    for _ in CONFLICT_PAUSES:
        conflicts.add_client_error("put_object", "ConditionalRequestConflict", "", 409)
    conflicts.add_response("put_object", {})
    assert bucket.create("a.json", b"1")


def test_a_conflict_can_end_with_the_other_writer(bucket: S3Storage, conflicts: Stubber) -> None:
    conflicts.add_client_error("put_object", "ConditionalRequestConflict", "", 409)
    conflicts.add_client_error("put_object", "PreconditionFailed", "", 412)
    assert not bucket.create("a.json", b"1")


def test_a_conflict_that_does_not_end_is_an_error(bucket: S3Storage, conflicts: Stubber) -> None:
    for _ in range(len(CONFLICT_PAUSES) + 1):
        conflicts.add_client_error("put_object", "ConditionalRequestConflict", "", 409)
    with pytest.raises(ClientError, match="ConditionalRequestConflict"):
        bucket.create("a.json", b"1")


def test_content_comes_with_its_identity(any_storage: VersionedStorage) -> None:
    assert any_storage.get("a.json") is None
    any_storage.put("a.json", b"1")
    found = any_storage.get("a.json")
    assert found is not None
    assert found.content == b"1"
    assert found.identity == any_storage.identify("a.json")


def test_a_version_that_was_deleted_is_gone_for_good(any_storage: VersionedStorage) -> None:
    for content in (b"1", b"2"):
        assert any_storage.create("a.json", content)
        found = any_storage.get("a.json")
        assert found is not None
        any_storage.delete_version("a.json", found.identity)
        any_storage.delete_version("a.json", found.identity)
        assert any_storage.read("a.json") is None


def test_the_delete_of_one_version_leaves_another_alone(any_storage: VersionedStorage) -> None:
    any_storage.put("a.json", b"1")
    first = any_storage.get("a.json")
    assert first is not None
    any_storage.put("a.json", b"2")
    any_storage.delete_version("a.json", first.identity)
    assert any_storage.read("a.json") == b"2"


def test_a_version_can_be_deleted_above_an_ordinary_delete(bucket: S3Storage) -> None:
    bucket.put("a.json", b"1")
    bucket.delete("a.json")
    assert bucket.create("a.json", b"2")
    found = bucket.get("a.json")
    assert found is not None
    bucket.delete_version("a.json", found.identity)
    assert bucket.read("a.json") is None


def test_keys_are_listed_by_prefix(bucket: S3Storage) -> None:
    for key in ("a/2", "b/1", "a/1", "ab"):
        bucket.put(key, b"")
    assert bucket.keys("a/") == ["a/1", "a/2"]
    assert bucket.keys("c/") == []


def test_each_version_of_an_object_is_told_apart(bucket: S3Storage) -> None:
    bucket.put("a.csv", b"1")
    first = bucket.identify("a.csv")
    bucket.put("a.csv", b"1")
    second = bucket.identify("a.csv")
    assert first is not None
    assert second is not None
    # pragma: allowlist nextline secret
    assert first.etag == second.etag == "c4ca4238a0b923820dcc509a6f75849b"
    assert first.version_id != second.version_id


def test_an_object_that_is_not_there_is_no_version(bucket: S3Storage) -> None:
    bucket.put("a.csv", b"1")
    bucket.delete("a.csv")
    assert bucket.identify("a.csv") is None


def test_a_bucket_that_is_not_there_is_an_error(bucket: S3Storage) -> None:
    gone = S3Storage("no-such-bucket")
    for ask in (gone.read, gone.get, gone.keys, gone.delete):
        with pytest.raises(ClientError, match="NoSuchBucket"):
            ask("a.csv")
    with pytest.raises(ClientError, match="NoSuchBucket"):
        gone.create("a.csv", b"")
