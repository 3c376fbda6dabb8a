"""What is no longer as a batch was planned: its files in ``raw/``, and the contract."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lakehouse_airflow.records import Record

log = logging.getLogger(__name__)

CONTRACT = "contract"


@dataclass(frozen=True)
class Change:
    """One thing that has changed: its name in the records, what it is now, and the way back."""

    name: str
    now: str
    way_back: str


def changes_since(
    manifest: Record, contract_version: str, current_versions: Mapping[str, str]
) -> list[Change]:
    """Return what of the plan no longer holds; files that merely arrived are no change."""
    return [
        *_changed_files(manifest, current_versions),
        *_changed_contract(manifest, contract_version),
    ]


def warn_of(changes: list[Change], batch_id: str, undo_job: str) -> None:
    """Say what to do about a batch that has changed since its load began."""
    for change in changes:
        log.warning(
            "%s, but batch %s is kept, since its load has begun: %s and clear load_delta, or "
            "run the Glue job %s with --batch_id %s and clear plan_batch",
            change.now,
            batch_id,
            change.way_back,
            undo_job,
            batch_id,
        )


def _changed_files(manifest: Record, current_versions: Mapping[str, str]) -> Iterator[Change]:
    for file in manifest["files"]:
        key, planned = file["key"], file["version_id"]
        if current_versions.get(key) != planned:
            yield Change(
                key, f"{key} is gone or replaced", f"delete what lies above version {planned}"
            )


def _changed_contract(manifest: Record, version: str) -> Iterator[Change]:
    planned = manifest["contract_version"]
    if planned != version:
        now = f"the contract has version {version}, not {planned}"
        yield Change(CONTRACT, now, f"deploy contract {planned} again")
