"""The header of a CSV file: its columns, and whether the file can be loaded by them."""

import csv
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEADER_BYTES = 64 * 1024  # a header that is longer than this is no header
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class NotText(Exception):
    """The bytes are not UTF-8 text with a first record."""


@dataclass(frozen=True)
class Header:
    """Column names as they stand in the file, and why it can't be loaded (nothing: it can)."""

    columns: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """``accepted`` or ``rejected``."""
        return "rejected" if self.reasons else "accepted"


def judge_header(start: bytes, whole: bool, required: Sequence[str]) -> Header:
    """Return the header that the first bytes of a file hold, with the reasons against it.

    `whole` says that `start` is all of the file, `required` which columns must be named.
    """
    if whole and not start.removeprefix(BYTE_ORDER_MARK).strip():
        return Header((), ("empty_file",))
    try:
        columns = _columns(_first_record(start.removeprefix(BYTE_ORDER_MARK), whole))
    except NotText:
        return Header((), ("not_text",))
    return Header(columns, (*_missing(columns, required), *_duplicates(columns)))


def _first_record(start: bytes, whole: bool) -> bytes:
    """Return the bytes up to the first line end outside quotes."""
    record = b""
    for line in start.splitlines(keepends=True):
        record += line
        is_ended = line.endswith((b"\n", b"\r")) or whole
        if is_ended and record.count(b'"') % 2 == 0:
            return record
    raise NotText


def _columns(record: bytes) -> tuple[str, ...]:
    """Return the fields of a record; a file in UTF-16 shows by its NUL characters."""
    try:
        text = record.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotText from error
    if "\0" in text:
        raise NotText
    return tuple(next(csv.reader([text]), ()))


def _missing(columns: Iterable[str], required: Iterable[str]) -> list[str]:
    present = set(columns)
    return [f"missing_column:{name}" for name in required if name not in present]


def _duplicates(columns: Iterable[str]) -> list[str]:
    """Return a reason for each name that occurs again: a reject keeps its record by name."""
    return [f"duplicate_column:{name}" for name, count in Counter(columns).items() if count > 1]
