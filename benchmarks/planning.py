"""The manifest of a batch, as the DAG would have planned it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lakehouse_spark.storage import Storage

BATCH = "benchmark"
MANIFEST = f"batches/{BATCH}/manifest.json"
# After every day that is delivered, so that a correction is newer than what it corrects.
DELIVERED_AT = datetime(2025, 6, 1, 3, tzinfo=UTC)


def plan_batch(storage: Storage, delivery: Path, contract_version: str) -> None:
    """Freeze all files of a delivery, which are in the bucket already, as one batch."""
    files = [
        plan_file(storage, path.relative_to(delivery).as_posix(), path)
        for path in sorted(delivery.glob("raw/*/*.csv"))
    ]
    manifest = {
        "batch_id": BATCH,
        "planned_at": (DELIVERED_AT + timedelta(minutes=5)).isoformat(),
        "planned_by": "benchmark",
        "contract_version": contract_version,
        "bucket": storage.root.rpartition("/")[2],
        "files": files,
    }
    storage.create(MANIFEST, json.dumps(manifest).encode())


def plan_file(storage: Storage, key: str, path: Path) -> dict[str, Any]:
    """Return the manifest's entry of one file.

    Raises:
        FileNotFoundError: the bucket has no such object.
    """
    found = storage.identify(key)
    if found is None:
        raise FileNotFoundError(f"{storage.root}/{key} was not delivered")
    with path.open() as file:
        columns = file.readline().strip().split(",")
    return {
        "dataset": path.parent.name,
        "key": key,
        "version_id": found.version_id,
        "etag": f'"{found.etag}"',
        "size": path.stat().st_size,
        "delivered_at": DELIVERED_AT.isoformat(),
        "columns": columns,
        "header": {"verdict": "accepted", "reasons": []},
    }
