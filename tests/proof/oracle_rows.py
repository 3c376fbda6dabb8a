"""What the oracle deals with: files and batches, rows on their way, table rows and rejects."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.proof.oracle_rules import category

Values = tuple[Any, ...]
# What tells one reject from another: file, ETag, record, and how often that had occurred.
Identity = tuple[str, str, tuple[tuple[str, str | None], ...] | None, int]


@dataclass(frozen=True)
class File:
    """One planned file; with reasons it is refused whole."""

    dataset: str
    key: str
    etag: str
    delivered_at: datetime
    text: str
    columns: tuple[str, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Batch:
    """Files that are loaded together."""

    batch_id: str
    planned_at: datetime
    files: tuple[File, ...]


@dataclass
class Reject:
    """A row of the table of rejects, without its id."""

    dataset: str
    reasons: list[str]
    raw_record: dict[str, str | None] | None
    source_file: str
    delivered_at: datetime
    winner_file: str | None
    batch_id: str
    status: str
    first_seen_at: datetime
    last_seen_at: datetime
    attempts: int = 1
    category: str = ""

    def __post_init__(self) -> None:
        self.category = category(self.reasons)


@dataclass
class Row:
    """A record on its way; `parked` is its reject where an earlier batch parked it."""

    file: File
    values: Values | None
    reasons: list[str]
    fields: tuple[str | None, ...]
    raw_record: dict[str, str | None]
    first_seen_at: datetime | None = None
    parked: Identity | None = None
    outcome: str = ""
    winner_file: str | None = None

    @property
    def contest_place(self) -> tuple[Any, ...]:
        """Return what sorts the rows of one key, the winner last."""
        return self.file.delivered_at, greatness(self.values or ()), *self.place_of_equals[1:]

    @property
    def place_of_equals(self) -> tuple[Any, ...]:
        """Return what sorts rows with the same values, the first of them last."""
        texts = [_Last((text is not None, text or "")) for text in self.fields]
        return self.file.delivered_at, _Last(self.file.key), self.parked is not None, texts


def greatness(values: Values) -> list[tuple[bool, Any]]:
    """Return what compares values in contract order, a null being the least."""
    return [(value is not None, value) for value in values]


@dataclass(frozen=True)
class _Last:
    """A value that sorts the other way round."""

    value: Any

    def __lt__(self, other: "_Last") -> bool:
        return bool(other.value < self.value)


@dataclass(frozen=True)
class TableRow:
    """A row of a data table, with what last changed it."""

    values: Values
    batch_id: str
    source_file: str
    delivered_at: datetime
