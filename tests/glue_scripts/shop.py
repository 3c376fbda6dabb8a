"""A small shop: delivers files into a bucket that is a folder, plans batches and loads them."""

import csv
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lakehouse_spark.batches import BatchRecords
from lakehouse_spark.contract import Contract
from lakehouse_spark.delta_log import current_version
from lakehouse_spark.guard import Overrides
from lakehouse_spark.load import load_batch
from lakehouse_spark.tables import table_path
from lakehouse_spark.undo import undo_batch
from pyspark.sql import DataFrame, Row, SparkSession

from tests.glue_scripts.folder_storage import FolderStorage

ANY_SHARE = Overrides(max_reject_share=1.0)  # a few rows, most of them bad, are most tests
PLANNED_AT = datetime(2025, 5, 1, 12, tzinfo=UTC)


class Shop:
    """The bucket, and the steps of the flow that lie around the load."""

    def __init__(self, spark: SparkSession, contract: Contract, folder: Path) -> None:
        self.spark = spark
        self.contract = contract
        self.storage = FolderStorage(folder)
        self._files: list[dict[str, Any]] = []

    def copy(self, folder: Path) -> "Shop":
        """Return a shop in `folder` with all that is in this one's bucket."""
        shutil.copytree(self.storage.root.removeprefix("file:"), folder, dirs_exist_ok=True)
        return Shop(self.spark, self.contract, folder)

    def deliver(
        self,
        dataset: str,
        name: str,
        content: str | bytes,
        day: int = 1,
        reasons: Sequence[str] = (),
    ) -> str:
        """Put a file into raw/ on a day of May, to be planned next; return its key."""
        key = f"raw/{dataset}/{name}"
        content = content.encode() if isinstance(content, str) else content
        text = content.decode(errors="replace")
        self.storage.put(key, content)
        found = self.storage.identify(key)
        assert found is not None
        self._files.append({
            "dataset": dataset,
            "key": key,
            "version_id": found.version_id,
            "etag": f'"{found.etag}"',
            "size": len(content),
            "delivered_at": datetime(2025, 5, day, 9, tzinfo=UTC).isoformat(),
            "columns": next(csv.reader(text.lstrip("\ufeff").splitlines()), []),
            "header": {"verdict": "rejected" if reasons else "accepted", "reasons": reasons},
        })
        return key

    def plan(self, batch_id: str, contract_version: str | None = None, day: int = 1) -> str:
        """Freeze what was delivered since the last plan, on a day of May; return the batch's id."""
        self.records(batch_id).create(
            "manifest.json",
            {
                "batch_id": batch_id,
                "planned_at": PLANNED_AT.replace(day=day).isoformat(),
                "planned_by": "manual",
                "contract_version": contract_version or self.contract.version,
                "bucket": "shop",
                "files": self._files,
            },
        )
        self._files = []
        return batch_id

    def load(self, batch_id: str, overrides: Overrides = ANY_SHARE) -> dict[str, Any]:
        """Load a planned batch, by default with any share of rejects; return the ledger."""
        return load_batch(self.spark, self.contract, self.storage, batch_id, overrides=overrides)

    def undo(self, batch_id: str) -> bool:
        """Undo the batch's current attempt."""
        return undo_batch(self.spark, self.storage, batch_id)

    def records(self, batch_id: str) -> BatchRecords:
        """Return the records of a batch."""
        return BatchRecords(self.storage, batch_id)

    def table(self, name: str) -> DataFrame:
        """Return a table as it is now."""
        return self.spark.read.format("delta").load(table_path(self.storage.root, name))

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """Return the table's rows, or some of its columns, sorted."""
        rows: list[Row] = self.table(name).select(*(columns or ["*"])).collect()
        return sorted((tuple(row) for row in rows), key=str)

    def versions(self) -> dict[str, int]:
        """Return the current version of each table."""
        return {
            name: current_version(self.spark, table_path(self.storage.root, name))
            for name in self._tables
        }

    def snapshot(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows of all tables."""
        return {name: self.rows(name) for name in self._tables}

    @property
    def _tables(self) -> list[str]:
        return [*(dataset.name for dataset in self.contract.datasets), "rejected"]
