"""The header of a CSV file: its columns, and whether the file can be loaded by them."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

HEADER_BYTES = 64 * 1024  # a header that is longer than this is no header
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Up to the first line end outside quotes, or the end of the bytes.
FIRST_RECORD = re.compile(rb'(?:"[^"]*"|[^"\r\n])*+(?P<line_end>\r\n?|\n|\Z)')
OTHER_DELIMITERS = ";\t|"


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
    start = start.removeprefix(BYTE_ORDER_MARK)
    if whole and not start.strip():
        return Header((), ("empty_file",))
    try:
        _require_text(start, whole)
        record = _first_record(start, whole)
        columns = _columns(record)
    except NotText:
        return Header((), ("not_text",))
    is_alone = whole and not start[len(record) :].strip()
    return Header(columns, tuple(_reasons(columns, is_alone, required)))


def _require_text(start: bytes, whole: bool) -> None:
    """Raise NotText for NUL characters, by which UTF-16 shows, and for what is not UTF-8.

    A character that is cut off where the bytes end is let pass, if the file goes on.
    """
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start, final=whole)
    except UnicodeDecodeError as error:
        raise NotText from error
    if b"\0" in start:
        raise NotText


def _first_record(start: bytes, whole: bool) -> bytes:
    """Return the first record with its line end, which only the last one of a file may lack."""
    found = FIRST_RECORD.match(start)
    if found is None or not (found["line_end"] or whole):
        raise NotText
    return found[0]


def _columns(record: bytes) -> tuple[str, ...]:
    """Return the fields of a record; quotes in the midst of one can leave a line end bare."""
    try:
        return tuple(next(csv.reader([record.decode()]), ()))
    except csv.Error as error:
        raise NotText from error


def _reasons(columns: Sequence[str], is_alone: bool, required: Sequence[str]) -> list[str]:
    """Return all that speaks against a header; `is_alone` says that nothing comes after it."""
    if _has_other_delimiter(columns, required):
        return ["wrong_delimiter"]
    no_records = ["no_records"] if is_alone else []
    return [*_missing(columns, required), *_duplicates(columns), *no_records]


def _has_other_delimiter(columns: Sequence[str], required: Sequence[str]) -> bool:
    """Return whether the one field, split at another delimiter, holds required columns."""
    if len(columns) != 1:
        return False
    splits = (columns[0].split(delimiter) for delimiter in OTHER_DELIMITERS)
    found = ({name.strip(' "') for name in names} & set(required) for names in splits)
    return any(len(names) > 1 for names in found)


def _missing(columns: Iterable[str], required: Iterable[str]) -> list[str]:
    present = set(columns)
    return [f"missing_column:{name}" for name in required if name not in present]


def _duplicates(columns: Iterable[str]) -> list[str]:
    """Return a reason for each name that occurs again: a reject keeps its record by name."""
    return [f"duplicate_column:{name}" for name, count in Counter(columns).items() if count > 1]
