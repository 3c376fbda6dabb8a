"""Zips whose bytes depend on nothing but the files in them."""

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

# The first day a zip can name. With the files' own times the same code would give other bytes.
FIXED_TIME = (1980, 1, 1, 0, 0, 0)
READABLE_FILE = 0o100644 << 16
UNIX = 3


def files_below(folder: Path) -> dict[str, bytes]:
    """Return the files below `folder` by their paths in it: links as files, without byte code."""
    found = [
        Path(parent, name)
        for parent, _, names in os.walk(folder, followlinks=True)
        for name in names
        if Path(parent).name != "__pycache__"
    ]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(found)}


def zip_files(contents: Mapping[str, bytes]) -> bytes:
    """Return a zip of files by name: in fixed order, with fixed times and rights.

    Nothing is compressed: two builds of zlib make different bytes of the same file.
    """
    archive_bytes = io.BytesIO()
    with zipfile.ZipFile(archive_bytes, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, FIXED_TIME)
            entry.create_system, entry.external_attr = UNIX, READABLE_FILE
            archive.writestr(entry, contents[name])
    return archive_bytes.getvalue()
