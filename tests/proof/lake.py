"""A bucket: what is delivered, planned and loaded, and what lies there then."""

import csv
import io
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from lakehouse_spark.batches import BatchRecords
from lakehouse_spark.contract import Contract
from lakehouse_spark.load import load_batch
from lakehouse_spark.storage import Storage
from lakehouse_spark.tables import table_path
from lakehouse_spark.undo import undo_batch
from pyspark.sql import SparkSession

from tests.glue_scripts.folder_storage import FolderStorage
from tests.glue_scripts.shop import ANY_SHARE

START = datetime(2025, 5, 1, 9, tzinfo=UTC)
EndState = dict[str, Any]


def day(number: float) -> datetime:
    """Return the time when the shop delivers on its day `number`."""
    return START + timedelta(days=number)


class Lake:
    """One bucket, with the steps of the flow that lie around the load."""

    def __init__(
        self, storage: Storage, contract: Contract, options: dict[str, str] | None = None
    ) -> None:
        """Address the bucket; `options` are what delta-rs needs to read from it."""
        self.storage = storage
        self.contract = contract
        self._options = options
        self._files: list[dict[str, Any]] = []

    def copy(self, folder: Path) -> "Lake":
        """Return a lake in `folder` with all that is in this one's bucket, which is a folder."""
        shutil.copytree(self.folder, folder)
        return folder_lake(folder, self.contract)

    @property
    def folder(self) -> Path:
        """Return where the bucket is, if it is a folder."""
        return Path(self.storage.root.removeprefix("file:"))

    def deliver(
        self,
        dataset: str,
        name: str,
        text: str,
        delivered_at: datetime = START,
        reasons: Sequence[str] = (),
    ) -> str:
        """Put a file into raw/, to be planned next; return its key."""
        key = f"raw/{dataset}/{name}"
        self.storage.put(key, text.encode())
        self._files.append(planned_file(self.storage, key, text, delivered_at, reasons))
        return key

    def plan(self, batch_id: str, planned_at: datetime) -> str:
        """Freeze what was delivered since the last plan; return the batch's id."""
        manifest = manifest_record(batch_id, planned_at, self.contract.version, self._files)
        self.records(batch_id).create("manifest.json", manifest)
        self._files = []
        return batch_id

    def load(self, spark: SparkSession, batch_id: str) -> dict[str, Any]:
        """Load a planned batch; return the ledger."""
        return load_batch(spark, self.contract, self.storage, batch_id, overrides=ANY_SHARE)

    def undo(self, spark: SparkSession, batch_id: str) -> bool:
        """Undo the batch's current attempt."""
        return undo_batch(spark, self.storage, batch_id)

    def records(self, batch_id: str) -> BatchRecords:
        """Return the records of a batch."""
        return BatchRecords(self.storage, batch_id)

    @property
    def tables(self) -> list[str]:
        """Return the names of all tables."""
        return [*(dataset.name for dataset in self.contract.datasets), "rejected"]

    def table_folder(self, table: str) -> Path:
        """Return the folder of a table."""
        return Path(table_path(str(self.folder), table))

    def end_state(self, *batch_ids: str) -> EndState:
        """Return all that a load promises: rows and version of each table, and the ledgers."""
        state: EndState = {table: self._table_state(table) for table in self.tables}
        for batch_id in batch_ids:
            state[batch_id] = self.records(batch_id).read("load.json")
        return state

    def _table_state(self, table: str) -> tuple[int, list[dict[str, Any]]]:
        """Return a table's version and its rows, sorted, as delta-rs reads them."""
        where = table_path(self.storage.root.removeprefix("file:"), table)
        found = DeltaTable(where, storage_options=self._options)
        return found.version(), sorted(found.to_pyarrow_table().to_pylist(), key=str)


def folder_lake(folder: Path, contract: Contract) -> Lake:
    """Return a lake whose bucket is `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    return Lake(FolderStorage(folder), contract)


def planned_file(
    storage: Storage, key: str, text: str, delivered_at: datetime, reasons: Sequence[str]
) -> dict[str, Any]:
    """Return what a manifest says of the file that now lies under `key`."""
    found = storage.identify(key)
    assert found is not None
    return {
        "dataset": key.split("/")[1],
        "key": key,
        "version_id": found.version_id,
        "etag": f'"{found.etag}"',
        "size": len(text.encode()),
        "delivered_at": delivered_at.isoformat(),
        "columns": next(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline="")), []),
        "header": {"verdict": "rejected" if reasons else "accepted", "reasons": list(reasons)},
    }


def manifest_record(
    batch_id: str, planned_at: datetime, contract_version: str, files: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the manifest of a batch."""
    return {
        "batch_id": batch_id,
        "planned_at": planned_at.isoformat(),
        "planned_by": "manual",
        "contract_version": contract_version,
        "bucket": "lake",
        "files": files,
    }
