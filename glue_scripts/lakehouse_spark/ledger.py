"""The ledger: what became of every row of a batch, and the proof that none is missing."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pyspark.sql import Row

from lakehouse_spark.batches import Manifest, PlannedFile, Record
from lakehouse_spark.classification import OUTCOMES, WRITTEN
from lakehouse_spark.contract import Contract
from lakehouse_spark.reasons import CATEGORIES, FILE_CATEGORY

Counted = Row | Mapping[str, Any]


class LedgerError(RuntimeError):
    """Rows read and outcomes do not add up, so nothing of the batch may be committed."""


@dataclass
class FileCounts:
    """What was counted for one file; `read` is counted before any row has an outcome."""

    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)


@dataclass
class ParkedCounts:
    """One dataset's rows that were parked before the batch, and what became of them in it."""

    before: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    expired: int = 0

    def as_record(self, newly_parked: int) -> Record:
        """Return the balance: before + newly_parked = resolved + expired + after."""
        still = self.outcomes["parked"]
        return {
            "before": self.before,
            "newly_parked": newly_parked,
            "resolved": self.outcomes.total() - still - self.expired,
            "expired": self.expired,
            "after": still + newly_parked,
            "outcomes": {outcome: self.outcomes[outcome] for outcome in OUTCOMES},
        }


@dataclass(frozen=True)
class Versions:
    """A table's version before the batch, and after it."""

    base: int
    new: int


class Tally:
    """The counts of a batch, file by file, and of the rows that were parked before it."""

    def __init__(self, manifest: Manifest, parked: Mapping[str, int] | None = None) -> None:
        """Start with the files that were rejected whole, and the parked rows of each dataset."""
        self._manifest = manifest
        self._parked: defaultdict[str, ParkedCounts] = defaultdict(ParkedCounts)
        self._oldest_parked: dict[str, datetime] = {}
        for dataset, count in (parked or {}).items():
            self._parked[dataset].before = count
        self._counts = {file.key: FileCounts() for file in manifest.files}
        for file in manifest.files:
            if not file.accepted:
                self._counts[file.key].rejects[FILE_CATEGORY] += 1

    def add_read(self, rows: Iterable[Row]) -> None:
        """Add counts of rows read: ``_source_file``, ``count``."""
        for row in rows:
            self._of(row["_source_file"]).read += row["count"]

    def add_outcomes(self, dataset: str, rows: Iterable[Counted]) -> None:
        """Add counts of the dataset's outcomes.

        Columns: ``_source_file``, ``_retried``, ``_outcome``, ``_category``, ``count``, and
        ``first_seen``, in seconds, null for rows that this batch brings.
        """
        for row in rows:
            if row["_outcome"] == "parked":
                self._note_parked(dataset, row["first_seen"])
            if row["_retried"]:
                self._add_retried(dataset, row)
            else:
                self._add_fresh(row)

    def outcomes(self, dataset: str) -> Counter[str]:
        """Return the outcomes of the dataset's rows, those that were parked before among them."""
        return self._of_dataset(dataset).outcomes + self._parked[dataset].outcomes

    def read(self, dataset: str) -> int:
        """Return how many rows of the dataset were read from the batch's files."""
        return self._of_dataset(dataset).read

    def rejected(self, dataset: str) -> int:
        """Return how many of those rows were rejected."""
        return self._of_dataset(dataset).outcomes["rejected"]

    def has_files(self, dataset: str) -> bool:
        """Return whether the batch has files of the dataset."""
        return bool(self._files(dataset))

    def parked_before(self, dataset: str) -> int:
        """Return how many rows of the dataset were parked before the batch."""
        return self._parked[dataset].before

    def oldest_parked(self) -> dict[str, datetime]:
        """Return since when the oldest row waits that stays or is now parked, by dataset."""
        return self._oldest_parked

    def writes(self) -> bool:
        """Return whether any row is new to a table, or otherwise than the table has it."""
        datasets = {file.dataset for file in self._manifest.files} | set(self._parked)
        return any(self.outcomes(name)[written] for name in datasets for written in WRITTEN)

    def refused(self) -> int:
        """Return how many rows the batch may have for the table of rejects.

        Rejected and parked records, files rejected whole, and all rows that were parked before.
        """
        fresh = sum(
            each.rejects.total() + each.outcomes["parked"] for each in self._counts.values()
        )
        return fresh + sum(parked.before for parked in self._parked.values())

    def check_balance(self) -> None:
        """Raise LedgerError, with both numbers, where outcomes are not the rows read or parked."""
        for key, counts in self._counts.items():
            if counts.read != counts.outcomes.total():
                raise LedgerError(
                    f"{key}: {counts.read} rows were read and {counts.outcomes.total()} have an "
                    "outcome; nothing was committed"
                )
        for dataset, parked in self._parked.items():
            if parked.before != parked.outcomes.total():
                raise LedgerError(
                    f"{dataset}: {parked.before} rows were parked and {parked.outcomes.total()} of "
                    "them have an outcome; nothing was committed"
                )

    def ledger(
        self, contract: Contract, versions: Mapping[str, Versions], warnings: Sequence[Record] = ()
    ) -> Record:
        """Return the record load.json; `versions` has every dataset and ``rejected``."""
        tables = dict(versions)
        rejected = tables.pop("rejected")
        return {
            "batch_id": self._manifest.batch_id,
            "state": "committed",
            "contract_version": contract.version,
            "datasets": {name: self._dataset(name, each) for name, each in tables.items()},
            "files": [self._file(contract, file) for file in self._manifest.files],
            "rejected": {"base_version": rejected.base, "new_version": rejected.new},
            "warnings": list(warnings),
        }

    def _note_parked(self, dataset: str, first_seen: int | None) -> None:
        planned_at = self._manifest.planned_at
        since = planned_at if first_seen is None else datetime.fromtimestamp(first_seen, UTC)
        self._oldest_parked[dataset] = min(since, self._oldest_parked.get(dataset, since))

    def _add_fresh(self, row: Counted) -> None:
        counts = self._of(row["_source_file"])
        counts.outcomes[row["_outcome"]] += row["count"]
        if row["_outcome"] == "rejected":
            counts.rejects[row["_category"]] += row["count"]

    def _add_retried(self, dataset: str, row: Counted) -> None:
        parked = self._parked[dataset]
        parked.outcomes[row["_outcome"]] += row["count"]
        if (row["_outcome"], row["_category"]) == ("rejected", "referential_integrity"):
            parked.expired += row["count"]

    def _of(self, key: str | None) -> FileCounts:
        if key not in self._counts:
            raise LedgerError(f"rows were read from {key}, which is no file of the batch")
        return self._counts[key]

    def _of_dataset(self, dataset: str) -> FileCounts:
        total = FileCounts()
        for file in self._files(dataset):
            counts = self._counts[file.key]
            total.read += counts.read
            total.outcomes += counts.outcomes
            total.rejects += counts.rejects
        return total

    def _files(self, dataset: str) -> list[PlannedFile]:
        return [file for file in self._manifest.files if file.dataset == dataset]

    def _dataset(self, dataset: str, versions: Versions) -> Record:
        return {
            **_counted(self._of_dataset(dataset)),
            "files_rejected": sum(not file.accepted for file in self._files(dataset)),
            "parked": self._parked[dataset].as_record(self._of_dataset(dataset).outcomes["parked"]),
            "base_version": versions.base,
            "new_version": versions.new,
        }

    def _file(self, contract: Contract, file: PlannedFile) -> Record:
        return {
            "key": file.key,
            "version_id": file.version_id,
            "dataset": file.dataset,
            "verdict": "accepted" if file.accepted else "rejected",
            "reasons": list(file.reasons),
            "extra_columns": _extra_columns(contract, file),
            **_counted(self._counts[file.key]),
        }


def _extra_columns(contract: Contract, file: PlannedFile) -> list[str]:
    """Return the columns of the file that the contract does not know: they are not loaded."""
    [dataset] = [each for each in contract.datasets if each.name == file.dataset]
    known = {column.name for column in dataset.delivered}
    return [name for name in file.columns if name not in known]


def _counted(counts: FileCounts) -> Record:
    return {
        "read": counts.read,
        "outcomes": {outcome: counts.outcomes[outcome] for outcome in OUTCOMES},
        "rejects": {category: counts.rejects[category] for category in CATEGORIES},
    }
