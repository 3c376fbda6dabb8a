"""A bucket that is a folder: Storage on the local file system."""

import hashlib
from pathlib import Path

from lakehouse_spark.storage import NOT_VERSIONED, ObjectIdentity


class FolderStorage:
    """Objects as files under a folder."""

    def __init__(self, folder: Path) -> None:
        self.root = f"file:{folder}"
        self._folder = folder

    def read(self, key: str) -> bytes | None:
        path = self._folder / key
        return path.read_bytes() if path.exists() else None

    def create(self, key: str, content: bytes) -> bool:
        if (self._folder / key).exists():
            return False
        self.put(key, content)
        return True

    def put(self, key: str, content: bytes) -> None:
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def delete(self, key: str) -> None:
        (self._folder / key).unlink(missing_ok=True)

    def keys(self, prefix: str) -> list[str]:
        files = (path for path in self._folder.rglob("*") if path.is_file())
        keys = (path.relative_to(self._folder).as_posix() for path in files)
        return sorted(key for key in keys if key.startswith(prefix))

    def identify(self, key: str) -> ObjectIdentity | None:
        content = self.read(key)
        if content is None:
            return None
        return ObjectIdentity(NOT_VERSIONED, hashlib.md5(content).hexdigest())
