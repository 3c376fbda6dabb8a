"""The sample: a few days of a shop's files, mostly clean, with known dirt of every kind.

The same bytes on every machine and every time.
"""

import shutil
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from local_stack.sample_dirt import DIRT, FILE_DIRT, FILE_REASON, SCHEMA
from local_stack.sample_files import BROKEN, Line, SampleFile, csv_text, make_files
from local_stack.sample_shop import Record


@dataclass(frozen=True)
class DirtyRecord:
    """What the load must say of one dirty record; without a category it is counted, not refused.

    `raw_record` maps the header to the text that came, "" where none did, and holds the whole
    record as `_record` where it does not fit the header; it is None for a whole file.
    """

    kind: str
    dataset: str
    file: str
    category: str | None
    reasons: tuple[str, ...]
    raw_record: Record | None


def write_sample(folder: Path) -> list[Path]:
    """Write the sample into `folder`, which then holds nothing else; return the files."""
    shutil.rmtree(folder, ignore_errors=True)
    return [write_file(folder, file) for file in make_files()]


def write_file(folder: Path, file: SampleFile) -> Path:
    """Write one file under `folder`."""
    path = folder / file.name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.content())
    return path


def dirty_records() -> list[DirtyRecord]:
    """Return every dirty record of the sample, and the file that is refused whole."""
    records = [
        describe(file, line, line.kind)
        for file in make_files()
        for line in file.lines
        if line.kind is not None
    ]
    whole = DirtyRecord(FILE_DIRT, "orders", BROKEN, SCHEMA, (FILE_REASON,), None)
    return [*records, whole]


def describe(file: SampleFile, line: Line, kind: str) -> DirtyRecord:
    """Return what the load must say of a line."""
    dirt = DIRT[kind]
    reasons = (dirt.reason,) if dirt.reason else ()
    raw = dict(zip_longest(file.header, line.fields[: len(file.header)], fillvalue=""))
    if dirt.width:
        raw["_record"] = csv_text(line.fields)
    return DirtyRecord(kind, dirt.dataset, file.name, dirt.category, reasons, raw)
