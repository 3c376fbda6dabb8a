"""The ledger: what became of every row of a batch, and the proof that none is missing."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import Row

from lakehouse_spark.batches import Manifest, PlannedFile, Record
from lakehouse_spark.classification import OUTCOMES
from lakehouse_spark.contract import Contract
from lakehouse_spark.reasons import CATEGORIES, FILE_CATEGORY


class LedgerError(RuntimeError):
    """Rows read and outcomes do not add up, so nothing of the batch may be committed."""


@dataclass
class FileCounts:
    """What was counted for one file; `read` is counted before any row has an outcome."""

    read: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    rejects: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Versions:
    """A table's version before the batch, and after it."""

    base: int
    new: int


class Tally:
    """The counts of a batch, file by file."""

    def __init__(self, manifest: Manifest) -> None:
        """Start with nothing counted but the files that were rejected whole."""
        self._manifest = manifest
        self._counts = {file.key: FileCounts() for file in manifest.files}
        for file in manifest.files:
            if not file.accepted:
                self._counts[file.key].rejects[FILE_CATEGORY] += 1

    def add_read(self, rows: Iterable[Row]) -> None:
        """Add counts of rows read: ``_source_file``, ``count``."""
        for row in rows:
            self._of(row["_source_file"]).read += row["count"]

    def add_outcomes(self, rows: Iterable[Row]) -> None:
        """Add counts of outcomes: ``_source_file``, ``_outcome``, ``_category``, ``count``."""
        for row in rows:
            counts = self._of(row["_source_file"])
            counts.outcomes[row["_outcome"]] += row["count"]
            if row["_category"]:
                counts.rejects[row["_category"]] += row["count"]

    def outcomes(self, dataset: str) -> Counter[str]:
        """Return the outcomes of all rows of the dataset."""
        return self._of_dataset(dataset).outcomes

    def rejects(self) -> int:
        """Return how many records, rejected files among them, belong in the table of rejects."""
        return sum(counts.rejects.total() for counts in self._counts.values())

    def check_balance(self) -> None:
        """Raise LedgerError, with both numbers, where a file's outcomes are not its rows."""
        for key, counts in self._counts.items():
            if counts.read != counts.outcomes.total():
                raise LedgerError(
                    f"{key}: {counts.read} rows were read and {counts.outcomes.total()} have an "
                    "outcome; nothing was committed"
                )

    def ledger(self, contract: Contract, versions: Mapping[str, Versions]) -> Record:
        """Return the record load.json; `versions` has every dataset and ``rejected``."""
        tables = dict(versions)
        rejected = tables.pop("rejected")
        return {
            "batch_id": self._manifest.batch_id,
            "state": "committed",
            "contract_version": contract.version,
            "datasets": {name: self._dataset(name, each) for name, each in tables.items()},
            "files": [self._file(file) for file in self._manifest.files],
            "rejected": {"base_version": rejected.base, "new_version": rejected.new},
        }

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
            "base_version": versions.base,
            "new_version": versions.new,
        }

    def _file(self, file: PlannedFile) -> Record:
        return {
            "key": file.key,
            "version_id": file.version_id,
            "dataset": file.dataset,
            "verdict": "accepted" if file.accepted else "rejected",
            **_counted(self._counts[file.key]),
        }


def _counted(counts: FileCounts) -> Record:
    return {
        "read": counts.read,
        "outcomes": {outcome: counts.outcomes[outcome] for outcome in OUTCOMES},
        "rejects": {category: counts.rejects[category] for category in CATEGORIES},
    }
