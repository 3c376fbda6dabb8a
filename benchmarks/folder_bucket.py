"""A bucket that is a folder, as quick to ask as S3 is: no content is read to name its version."""

from pathlib import Path

from lakehouse_spark.storage import NOT_VERSIONED, ObjectIdentity


class FolderBucket:
    """The jobs' Storage on the local file system."""

    def __init__(self, folder: Path) -> None:
        """Keep objects as files under `folder`."""
        self.root = f"file:{folder}"
        self._folder = folder

    def read(self, key: str) -> bytes | None:
        """Return the object's content, or None where there is none."""
        path = self._folder / key
        return path.read_bytes() if path.exists() else None

    def create(self, key: str, content: bytes) -> bool:
        """Write the object unless there is one; return whether we wrote it."""
        if (self._folder / key).exists():
            return False
        self.put(key, content)
        return True

    def put(self, key: str, content: bytes) -> None:
        """Write the object, over whatever is there."""
        path = self._folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def delete(self, key: str) -> None:
        """Delete the object; there may be none."""
        (self._folder / key).unlink(missing_ok=True)

    def keys(self, prefix: str) -> list[str]:
        """Return the keys under `prefix`, sorted."""
        folder = self._folder / prefix.rpartition("/")[0]
        found = (path for path in folder.rglob("*") if path.is_file())
        keys = (path.relative_to(self._folder).as_posix() for path in found)
        return sorted(key for key in keys if key.startswith(prefix))

    def identify(self, key: str) -> ObjectIdentity | None:
        """Return which version of the object is the current one, or None where there is none."""
        path = self._folder / key
        if not path.exists():
            return None
        status = path.stat()
        return ObjectIdentity(NOT_VERSIONED, f"{status.st_size}-{status.st_mtime_ns}")
