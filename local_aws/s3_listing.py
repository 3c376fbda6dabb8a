"""Listings of S3: moto shows folders in which every object is deleted, and AWS does not.

Spark's committer lists a folder, takes such a one for a task's output, and fails to find it.
"""

import copy
from typing import Any

from moto.s3.models import FakeBucket, FakeDeleteMarker, S3Backend

moto_list_objects = S3Backend.list_objects


def hide_deleted_folders() -> None:
    """Have moto list what is there, of a bucket that keeps versions too."""
    S3Backend.list_objects = list_objects  # type: ignore[assignment,method-assign]


def list_objects(backend: S3Backend, bucket: FakeBucket, *args: Any, **kwargs: Any) -> Any:
    """Return moto's listing of the bucket, as if what is deleted had never been."""
    seen = copy.copy(bucket)
    seen.keys = {  # type: ignore[assignment]
        name: key for name, key in bucket.keys.items() if not isinstance(key, FakeDeleteMarker)
    }
    return moto_list_objects(backend, seen, *args, **kwargs)
