"""A bucket that is a folder: Storage on the local file system, for several processes at once."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lakehouse_spark.storage import NOT_VERSIONED, ObjectIdentity, StoredObject


class FolderStorage:
    """Objects as files under a folder; as on S3, each call is done as a whole or not begun."""

    def __init__(self, folder: Path) -> None:
        self.root = f"file:{folder}"
        self._folder = folder

    def read(self, key: str) -> bytes | None:
        found = self.get(key)
        return None if found is None else found.content

    def get(self, key: str) -> StoredObject | None:
        path = self._folder / key
        with self._locked(fcntl.LOCK_SH):
            content = path.read_bytes() if path.exists() else None
        return None if content is None else StoredObject(content, identity_of(content))

    def create(self, key: str, content: bytes) -> bool:
        with self._locked():
            if (self._folder / key).exists():
                return False
            self._write(key, content)
        return True

    def put(self, key: str, content: bytes) -> None:
        with self._locked():
            self._write(key, content)

    def delete(self, key: str) -> None:
        with self._locked():
            (self._folder / key).unlink(missing_ok=True)

    def delete_version(self, key: str, identity: ObjectIdentity) -> None:
        path = self._folder / key
        with self._locked():
            if path.exists() and identity_of(path.read_bytes()) == identity:
                path.unlink()

    def keys(self, prefix: str) -> list[str]:
        files = (path for path in self._folder.rglob("*") if path.is_file())
        keys = (path.relative_to(self._folder).as_posix() for path in files)
        return sorted(key for key in keys if key.startswith(prefix))

    def identify(self, key: str) -> ObjectIdentity | None:
        found = self.get(key)
        return None if found is None else found.identity

    def _write(self, key: str, content: bytes) -> None:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    @contextmanager
    def _locked(self, how: int = fcntl.LOCK_EX) -> Iterator[None]:
        """Keep other threads and processes out; a process that dies inside lets them in."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, how)
            yield
        finally:
            os.close(folder)


def identity_of(content: bytes) -> ObjectIdentity:
    """Return what tells this content from another."""
    return ObjectIdentity(NOT_VERSIONED, hashlib.md5(content).hexdigest())
