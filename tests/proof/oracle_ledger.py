"""The ledger of a batch as docs/records.md describes it, counted from rows with their outcomes."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests.proof.oracle_rows import Batch, File, Row
from tests.proof.oracle_rules import COLUMNS, WORST_FIRST, category

OUTCOMES = ["inserted", "updated", "unchanged", "duplicate", "rejected", "parked", "stale"]
Rows = dict[str, list[Row]]
Counts = dict[str, Any]


def ledger_record(
    batch: Batch,
    rows: Rows,
    base: dict[str, int],
    versions: dict[str, int],
    warnings: list[Counts],
) -> Counts:
    """Return the ledger; `rows` has all rows of the batch, by dataset, those parked before too."""
    tables = {
        table: {"base_version": base[table], "new_version": versions[table]} for table in base
    }
    return {
        "batch_id": batch.batch_id,
        "state": "committed",
        "contract_version": "1.0.0",
        "datasets": {
            dataset: {**_dataset(batch, dataset, rows[dataset]), **tables[dataset]}
            for dataset in COLUMNS
        },
        "files": [_file(file, rows[file.dataset]) for file in batch.files],
        "rejected": tables["rejected"],
        "warnings": warnings,
    }


def _dataset(batch: Batch, dataset: str, rows: list[Row]) -> Counts:
    refused = [file for file in batch.files if file.dataset == dataset and file.reasons]
    fresh = [row for row in rows if not row.parked]
    retried = [row for row in rows if row.parked]
    return {
        **_counted(fresh, len(refused)),
        "files_rejected": len(refused),
        "parked": _balance(fresh, retried),
    }


def _balance(fresh: list[Row], retried: list[Row]) -> Counts:
    """Return the balance of parked rows: before + newly_parked = resolved + expired + after."""
    newly_parked = sum(row.outcome == "parked" for row in fresh)
    still = sum(row.outcome == "parked" for row in retried)
    expired = sum(row.outcome == "rejected" and _is_orphan(row) for row in retried)
    return {
        "before": len(retried),
        "newly_parked": newly_parked,
        "resolved": len(retried) - still - expired,
        "expired": expired,
        "after": still + newly_parked,
        "outcomes": _outcomes(retried),
    }


def _is_orphan(row: Row) -> bool:
    return category(row.reasons) == "referential_integrity"


def _file(file: File, rows: list[Row]) -> Counts:
    of_file = [row for row in rows if row.file is file]
    return {
        "key": file.key,
        "version_id": "null",
        "dataset": file.dataset,
        "verdict": "rejected" if file.reasons else "accepted",
        "reasons": list(file.reasons),
        "extra_columns": [name for name in file.columns if name not in COLUMNS[file.dataset]],
        **_counted(of_file, int(bool(file.reasons))),
    }


def _counted(rows: list[Row], files_rejected: int) -> Counts:
    rejects = Counter(category(row.reasons) for row in rows if row.outcome == "rejected")
    rejects["schema_validation"] += files_rejected
    return {
        "read": len(rows),
        "outcomes": _outcomes(rows),
        "rejects": {name: rejects[name] for name in WORST_FIRST},
    }


def _outcomes(rows: Iterable[Row]) -> Counts:
    counted = Counter(row.outcome for row in rows)
    return {outcome: counted[outcome] for outcome in OUTCOMES}
