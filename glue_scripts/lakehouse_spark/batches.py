"""The JSON records of one batch, under ``batches/<batch_id>/``; docs/records.md describes them."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lakehouse_spark.storage import Storage

Record = dict[str, Any]

LEDGER = "load.json"
REPLACED = "replaced.json"
# Of one attempt, by its number.
BASE_VERSIONS = "attempts/{}/base_versions.json"
ATTEMPT_LOADED = "attempts/{}/load.json"
UNDO_STARTED = "attempts/{}/undo_started.json"
UNDONE = "attempts/{}/undone.json"


class ManifestError(RuntimeError):
    """There is no manifest, or it is not one that this job can load."""


@dataclass(frozen=True)
class PlannedFile:
    """One file version of the batch; a file with reasons is rejected whole."""

    dataset: str
    key: str
    version_id: str
    etag: str
    delivered_at: datetime
    columns: tuple[str, ...]
    accepted: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Manifest:
    """What was planned: the files, when, and under which version of the contract."""

    batch_id: str
    planned_at: datetime
    contract_version: str
    files: tuple[PlannedFile, ...]

    def accepted(self, dataset: str | None = None) -> list[PlannedFile]:
        """Return the files that are to be read, of one dataset or of all."""
        files = [file for file in self.files if file.accepted]
        return [file for file in files if dataset in {None, file.dataset}]


class BatchRecords:
    """The records of one batch; names are relative to its folder, for example ``load.json``."""

    def __init__(self, storage: Storage, batch_id: str) -> None:
        """Address the folder of `batch_id` in `storage`."""
        self.batch_id = batch_id
        self._storage = storage
        self._folder = f"batches/{batch_id}/"

    def read(self, name: str) -> Record | None:
        """Return the record, or None where there is none."""
        content = self._storage.read(self._folder + name)
        return None if content is None else json.loads(content)

    def create(self, name: str, record: Record) -> Record:
        """Write the record once; return the one that is there, ours or an earlier one."""
        if self._storage.create(self._folder + name, _encode(record)):
            return record
        return self.read(name) or record

    def put(self, name: str, record: Record) -> None:
        """Write the record, over whatever is there."""
        self._storage.put(self._folder + name, _encode(record))

    def delete(self, name: str) -> None:
        """Delete the record; there may be none."""
        self._storage.delete(self._folder + name)

    def ended_attempts(self) -> list[int]:
        """Return the attempts whose undo was started, in order."""
        pattern = re.compile(re.escape(self._folder) + UNDO_STARTED.format(r"(\d+)"))
        keys = self._storage.keys(f"{self._folder}attempts/")
        return sorted(int(match[1]) for key in keys if (match := pattern.fullmatch(key)))

    def current_attempt(self) -> int:
        """Return the number of the attempt that the next load works on."""
        return 1 + len(self.ended_attempts())

    def unfinished_undo(self) -> int | None:
        """Return the attempt whose undo was started and not ended, or None."""
        ended = self.ended_attempts()
        if not ended or self.read(UNDONE.format(ended[-1])) is not None:
            return None
        return ended[-1]

    def manifest(self) -> Manifest:
        """Return the manifest; raises ManifestError where there is none."""
        record = self.read("manifest.json")
        if record is None:
            raise ManifestError(f"batch {self.batch_id} has no manifest.json; clear plan_batch")
        return Manifest(
            batch_id=record["batch_id"],
            planned_at=datetime.fromisoformat(record["planned_at"]),
            contract_version=record["contract_version"],
            files=tuple(_planned_file(each) for each in record["files"]),
        )


def _encode(record: Record) -> bytes:
    return json.dumps(record, indent=1).encode()


def _planned_file(record: Record) -> PlannedFile:
    return PlannedFile(
        dataset=record["dataset"],
        key=record["key"],
        version_id=record["version_id"],
        etag=record["etag"].strip('"'),
        delivered_at=datetime.fromisoformat(record["delivered_at"]),
        columns=tuple(record["columns"]),
        accepted=record["header"]["verdict"] == "accepted",
        reasons=tuple(record["header"]["reasons"]),
    )
