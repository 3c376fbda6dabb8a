"""The state of S3 as it is kept: every key with its versions, and what buckets have besides.

Not kept: uploads in parts that are not complete, and what changes an object that is there already
(access lists, tags, locks).
"""

import copy
from typing import Any

import moto.s3.models as s3_models
from moto.s3.utils import _VersionedKeyStore

from local_aws.pickling import dumps, loads
from local_aws.state_file import StateFile

BUCKETS = "s3"
KEYS = "s3 key "
SEPARATOR = "/"  # no bucket's name has one


class NotingKeyStore(_VersionedKeyStore):
    """Moto's keys of one bucket, which notes those that change."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.changed: set[str] = set()

    def __setitem__(self, key: str, value: Any) -> None:
        """Add a version."""
        super().__setitem__(key, value)
        self.changed.add(key)

    def setlist(self, key: str, list_: Any) -> None:
        """Replace all versions."""
        super().setlist(key, list_)
        self.changed.add(key)

    def pop(self, key: str) -> None:  # type: ignore[override]
        """Take the key away."""
        super().pop(key)
        self.changed.add(key)


def note_changes() -> None:
    """Have moto make buckets whose keys note what changes."""
    s3_models._VersionedKeyStore = NotingKeyStore  # type: ignore[assignment,attr-defined]


def keep_objects(file: StateFile, backend: s3_models.S3Backend) -> None:
    """Write down what has changed since the last time."""
    contents: dict[str, bytes | None] = {}
    for bucket in backend.buckets.values():
        for key in take_changed(bucket):
            versions = bucket.keys.getlist(key)
            contents[KEYS + bucket.name + SEPARATOR + key] = dumps(versions) if versions else None
    buckets = dumps([without_contents(bucket) for bucket in backend.buckets.values()])
    if buckets != file.get(BUCKETS):
        contents[BUCKETS] = buckets
    file.put(contents)


def take_changed(bucket: s3_models.FakeBucket) -> set[str]:
    """Return the keys that have changed since the last time."""
    keys = bucket.keys
    assert isinstance(keys, NotingKeyStore)
    changed, keys.changed = keys.changed, set()
    return changed


def without_contents(bucket: s3_models.FakeBucket) -> s3_models.FakeBucket:
    """Return the bucket without objects and without uploads that are not complete."""
    bare = copy.copy(bucket)
    bare.keys, bare.multiparts = NotingKeyStore(), s3_models.MultipartDict()
    return bare


def restore_objects(file: StateFile, backend: s3_models.S3Backend) -> None:
    """Put all buckets and keys back."""
    for bucket in loads(file.get(BUCKETS) or dumps([])):
        backend.buckets[bucket.name] = bucket
        owner = (bucket.partition, bucket.account_id)
        s3_models.s3_backends.bucket_accounts[bucket.name] = owner
    for name, content in file.under(KEYS):
        bucket_name, _, key = name.partition(SEPARATOR)
        backend.buckets[bucket_name].keys.setlist(key, loads(content))
    for bucket in backend.buckets.values():
        take_changed(bucket)
