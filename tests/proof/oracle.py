"""What a row of batches must make of the tables, the rejects and the ledgers, in plain Python.

Written from docs/records.md and docs/input-rules.md; nothing of the job's code is used.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import Any

from tests.proof.oracle_ledger import Rows, ledger_record
from tests.proof.oracle_rows import Batch, File, Identity, Reject, Row, TableRow, Values, greatness
from tests.proof.oracle_rules import (
    COLUMNS,
    KEYS,
    PARENTS,
    Record,
    columns_of_table,
    judge,
    records,
)

WRITTEN = {"inserted", "updated"}
ACCEPTED = {"inserted", "updated", "unchanged", "stale"}
PATIENCE = timedelta(days=3)
FEWEST_BATCHES, RECENT_COMMITS, MIN_USUAL_SHARE = 3, 20, 0.1

Key = Values


class Oracle:
    """The tables, by dataset and key, and the rejects, after the batches that were loaded."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[Key, TableRow]] = {dataset: {} for dataset in COLUMNS}
        self.rejects: dict[Identity, Reject] = {}
        self.versions = dict.fromkeys([*COLUMNS, "rejected"], 0)
        # For each commit of a table the rows that its batch read; None was its creation.
        self._reads: dict[str, list[int | None]] = {table: [None] for table in self.versions}

    def load(self, batch: Batch) -> dict[str, Any]:
        """Load a batch, and return its ledger."""
        rows: Rows = {}
        for dataset in COLUMNS:
            rows[dataset] = [*_read_files(batch, dataset), *self._parked_rows(dataset)]
            self._settle(batch, dataset, rows)
        warnings = [each for dataset in COLUMNS for each in self._warnings(batch, dataset, rows)]
        base = dict(self.versions)
        for dataset in COLUMNS:
            self._write(batch, dataset, rows[dataset])
        self._write_rejects(batch, [row for each in rows.values() for row in each])
        return ledger_record(batch, rows, base, self.versions, warnings)

    def undo(self, before: "Oracle") -> None:
        """Go back to `before`; a table that has a commit since gets one more, which restores it."""
        self.tables, self.rejects = before.tables, before.rejects
        for table, version in before.versions.items():
            if version != self.versions[table]:
                self.versions[table] += 1
                # Neither the commit that was taken back nor the other tells what is usual.
                self._reads[table] = [*before._reads[table], None, None]

    def _parked_rows(self, dataset: str) -> Iterator[Row]:
        for identity, reject in self.rejects.items():
            if (reject.dataset, reject.status) == (dataset, "parked"):
                record = reject.raw_record or {}
                file = File(dataset, reject.source_file, identity[1], reject.delivered_at, "", ())
                fields = tuple(record.values())
                values, _ = judge(dataset, tuple(record), Record("", fields))
                yield Row(file, values, [], fields, record, reject.first_seen_at, identity)

    def _settle(self, batch: Batch, dataset: str, rows: Rows) -> None:
        """Give each row of the dataset its outcome."""
        contests: dict[Key, list[Row]] = defaultdict(list)
        for row in rows[dataset]:
            if row.reasons:
                row.outcome = "rejected"
            else:
                contests[_key(dataset, row.values or ())].append(row)
        for contest in contests.values():
            winner = _settle_contest(contest)
            winner.reasons = self._unknown_references(dataset, winner, rows)
            if winner.reasons:
                is_expired = _waits(batch, winner) >= PATIENCE
                winner.outcome = "rejected" if is_expired else "parked"
            else:
                winner.outcome = self._compare_with_table(dataset, winner)

    def _unknown_references(self, dataset: str, winner: Row, rows: Rows) -> list[str]:
        row = dict(zip(columns_of_table(dataset), winner.values or (), strict=True))
        return [
            f"unknown_reference:{column}"
            for column, parent in PARENTS.get(dataset, {}).items()
            if (row[column],) not in self.tables[parent].keys() | _accepted(parent, rows[parent])
        ]

    def _compare_with_table(self, dataset: str, winner: Row) -> str:
        known = self.tables[dataset].get(_key(dataset, winner.values or ()))
        if known is None:
            return "inserted"
        if known.values == winner.values:
            return "unchanged"
        theirs = known.delivered_at, greatness(known.values)
        return "stale" if theirs > winner.contest_place[:2] else "updated"

    def _write(self, batch: Batch, dataset: str, rows: list[Row]) -> None:
        written = [row for row in rows if row.outcome in WRITTEN]
        for row in written:
            values = row.values or ()
            origin = batch.batch_id, row.file.key, row.file.delivered_at
            self.tables[dataset][_key(dataset, values)] = TableRow(values, *origin)
        if written:
            self.versions[dataset] += 1
            self._reads[dataset].append(sum(not row.parked for row in rows))

    def _write_rejects(self, batch: Batch, rows: list[Row]) -> None:
        """Add new rejects, change those in another state, and note who was tried again."""
        fresh = dict(_fresh_rejects(batch, rows))
        changed = {identity: self._changed(each, identity) for identity, each in fresh.items()}
        writes = any(row.outcome in WRITTEN for row in rows)
        for row in rows:
            if row.parked and row.parked not in fresh:
                retried = _retried(batch, row, self.rejects[row.parked])
                changed[row.parked] = retried if writes or retried.status != "parked" else None
        found = {identity: reject for identity, reject in changed.items() if reject}
        self.rejects |= found
        self.versions["rejected"] += bool(found)

    def _changed(self, fresh: Reject, identity: Identity) -> Reject | None:
        """Return the reject to be written, or None where it is known in this state."""
        known = self.rejects.get(identity)
        if known is None:
            return fresh
        if known.status == fresh.status:
            return None
        attempts = known.attempts + 1
        return replace(fresh, first_seen_at=known.first_seen_at, attempts=attempts)

    def _warnings(self, batch: Batch, dataset: str, rows: Rows) -> Iterator[dict[str, Any]]:
        usual = [each for each in self._reads[dataset][-RECENT_COMMITS:] if each is not None]
        read = sum(not row.parked for row in rows[dataset])
        has_files = any(file.dataset == dataset for file in batch.files)
        if has_files and len(usual) >= FEWEST_BATCHES and read < MIN_USUAL_SHARE * median(usual):
            yield {"code": "far_smaller", "dataset": dataset, "read": read, "usual": median(usual)}


def _read_files(batch: Batch, dataset: str) -> Iterator[Row]:
    for file in batch.files:
        if file.dataset == dataset and not file.reasons:
            header, *lines = records(file.text)
            columns = tuple(name or "" for name in header.fields)
            for record in lines:
                values, reasons = judge(dataset, columns, record)
                yield Row(file, values, reasons, record.fields, _raw_record(columns, record))


def _raw_record(columns: tuple[str, ...], record: Record) -> dict[str, str | None]:
    missing = [None] * (len(columns) - len(record.fields))
    raw = dict(zip(columns, [*record.fields, *missing], strict=False))
    return raw if len(columns) == len(record.fields) else {**raw, "_record": record.text}


def _settle_contest(contest: list[Row]) -> Row:
    """Return the winner of one key; the others are rejected once by value, or duplicates."""
    winner = max(contest, key=lambda row: row.contest_place)
    by_values: dict[Values, list[Row]] = defaultdict(list)
    for row in contest:
        by_values[row.values or ()].append(row)
    for equals in by_values.values():
        first = max(equals, key=lambda row: row.place_of_equals)
        since = min((row.first_seen_at for row in equals if row.first_seen_at), default=None)
        for row in equals:
            row.outcome, row.first_seen_at = "duplicate", since
        if first is not winner:
            first.outcome, first.reasons = "rejected", ["conflicting_duplicate"]
            first.winner_file = winner.file.key
    return winner


def _fresh_rejects(batch: Batch, rows: list[Row]) -> Iterator[tuple[Identity, Reject]]:
    """Return the rejects of the batch's files: of those refused whole, and of their rows."""
    for file in batch.files:
        if file.reasons:
            yield (file.key, file.etag, None, 1), _reject(batch, file, list(file.reasons))
    occurred: Counter[tuple[str, Any]] = Counter()
    for row in rows:
        if not row.parked and row.outcome in {"rejected", "parked"}:
            record = tuple(row.raw_record.items())
            occurred[row.file.key, record] += 1
            identity = row.file.key, row.file.etag, record, occurred[row.file.key, record]
            yield identity, _reject(batch, row.file, row.reasons, row)


def _reject(batch: Batch, file: File, reasons: list[str], row: Row | None = None) -> Reject:
    return Reject(
        dataset=file.dataset,
        reasons=reasons,
        raw_record=row.raw_record if row else None,
        source_file=file.key,
        delivered_at=file.delivered_at,
        winner_file=row.winner_file if row else None,
        batch_id=batch.batch_id,
        status=row.outcome if row else "rejected",
        first_seen_at=(row.first_seen_at if row else None) or batch.planned_at,
        last_seen_at=batch.planned_at,
    )


def _retried(batch: Batch, row: Row, known: Reject) -> Reject:
    """Return the reject of a row that was parked before, as the batch leaves it."""
    is_refused = row.outcome in {"rejected", "parked"}
    return replace(
        known,
        reasons=row.reasons if is_refused else known.reasons,
        winner_file=row.winner_file,
        status=row.outcome if is_refused else "resolved",
        last_seen_at=batch.planned_at,
        attempts=known.attempts + 1,
    )


def _waits(batch: Batch, row: Row) -> timedelta:
    return batch.planned_at - (row.first_seen_at or batch.planned_at)


def _accepted(dataset: str, rows: list[Row]) -> set[Key]:
    return {_key(dataset, row.values or ()) for row in rows if row.outcome in ACCEPTED}


def _key(dataset: str, values: Values) -> Key:
    row = dict(zip(columns_of_table(dataset), values, strict=True))
    return tuple(row[name] for name in KEYS[dataset])
