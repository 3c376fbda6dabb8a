"""Setting a batch aside: what can't be mended leaves ``raw/``, so that the next can be planned.

Whoever dies on the way leaves a batch that the next planner finds and sets aside:

1. replaced.json asks for it. A load that begins from here on finds it, and commits nothing.
2. No load began before that (else the batch stands, see intake), so the record is settled: nothing
   brings the batch back from here on, not even a load that comes too late.
3. The files are moved, which can be done again.
4. set_aside.json, once. Then the planner closes the batch.
"""

import logging
from datetime import UTC, datetime

from airflow.sdk import Param

from lakehouse_airflow.archive import move_planned, moved_to
from lakehouse_airflow.batches import REPLACED, SET_ASIDE, Batch, is_set_aside
from lakehouse_airflow.deployment import Prefixes
from lakehouse_airflow.moving import FileLost
from lakehouse_airflow.records import Record, RecordError, utc_text

log = logging.getLogger(__name__)


def set_aside_param() -> Param:
    """Return the form's field for the batch to set aside."""
    return Param(
        None,
        type=["null", "string"],
        pattern="^[0-9a-f]{16}$",
        title="Batch to set aside",
        description="The id of the open batch, where it can't be mended: its files go to "
        "archive/set_aside/, and this run plans what is left in raw/.",
    )


def set_aside(prefixes: Prefixes, batch: Batch, replaced: Record) -> None:
    """Move the files of a batch that is asked for, and write down where they went, once."""
    if batch.was_set_aside():
        return
    _settle(batch, replaced)
    files = [_move(prefixes, batch, file) for file in batch.manifest()["files"]]
    record = {
        "set_aside_at": utc_text(datetime.now(UTC)),
        "set_aside_by": replaced["set_aside_by"],
        "files": files,
    }
    batch.create(f"{SET_ASIDE}.json", record)
    log.warning("batch %s is set aside, with %s files", batch.batch_id, len(files))


def is_settled(replaced: Record) -> bool:
    """Return whether nothing brings the batch back any more."""
    return bool(replaced.get("settled"))


def withdraw(batch: Batch) -> None:
    """Ask no longer that the batch is set aside, unless that is settled."""
    replaced = batch.read(REPLACED)
    if replaced and is_set_aside(replaced) and not is_settled(replaced):
        batch.records.delete_if(f"{batch.batch_id}/{REPLACED}", replaced)


def _settle(batch: Batch, replaced: Record) -> None:
    name, settled = f"{batch.batch_id}/{REPLACED}", {**replaced, "settled": True}
    batch.records.replace_if(name, replaced, settled)
    if batch.read(REPLACED) != settled:
        raise RecordError(f"{batch.records.url(name)} was withdrawn just now by another task")


def _move(prefixes: Prefixes, batch: Batch, file: Record) -> Record:
    """Move the planned version, if it is still there; a newer one stays for the next batch."""
    name = file["key"].removeprefix(prefixes.raw)
    target_key = f"{prefixes.archive}{SET_ASIDE}/{batch.batch_id}/{name}"
    try:
        move_planned(batch, file, target_key)
    except FileLost:
        log.warning("%s: version %s is gone already", file["key"], file["version_id"])
        return moved_to(file, None)
    return moved_to(file, target_key)
