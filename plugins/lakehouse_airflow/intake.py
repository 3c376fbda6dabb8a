"""Planning: which batch a DAG run works on, and when a batch gives way to another."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from airflow.sdk.exceptions import AirflowSkipException

from lakehouse_airflow.asking import ask_to_set_aside, overtaken
from lakehouse_airflow.batches import OPEN_BATCH, REPLACED, Batch, is_set_aside
from lakehouse_airflow.changes import Change, changes_since, warn_of
from lakehouse_airflow.contract import Contract, read_contract
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.manifest import current_versions, freeze_manifest
from lakehouse_airflow.records import Record, Records, batch_records, utc_text
from lakehouse_airflow.set_aside import is_settled, set_aside, withdraw

log = logging.getLogger(__name__)


def plan_batch(
    deployment: Deployment, contract_path: Path, dag_run_id: str, set_aside_id: str = ""
) -> str:
    """Return the batch of a DAG run: its own, else the open one, else what lies in ``raw/`` now.

    A batch whose files or contract have changed before anything of it was committed gives way to a
    new one. Before all that the open batch is set aside, if a person names it.

    Raises:
        SetAsideRefused: the named batch can't be set aside.
        AirflowSkipException: nothing to load.
        BucketNotVersioned: the bucket keeps no versions.
    """
    records = batch_records(deployment)
    contract = read_contract(contract_path)
    planner = Planner(deployment, contract, dag_run_id, records)
    if set_aside_id:
        planner.set_aside(set_aside_id)
    batch_id = planner.batch_of_run()
    log.info("DAG run %s works on batch %s", dag_run_id, batch_id)
    return batch_id


@dataclass(frozen=True)
class Planner:
    """Plans for one DAG run."""

    deployment: Deployment
    contract: Contract
    dag_run_id: str
    records: Records

    def batch_of_run(self) -> str:
        """Return the run's batch, and write down which it is."""
        run_record = f"_runs/{self.dag_run_id}.json"
        own = self.records.read(run_record)
        batch_id = (
            self._standing(own)
            or self._standing(self.records.read(OPEN_BATCH))
            or self._open_next_batch()
        )
        if own != {"batch_id": batch_id}:
            self.records.put(run_record, {"batch_id": batch_id})
        return batch_id

    def set_aside(self, batch_id: str) -> None:
        """Set the open batch aside; do nothing where that is done."""
        batch = Batch(self.records, batch_id)
        if batch.was_set_aside():
            log.info("batch %s was set aside before: nothing to do", batch_id)
            return
        ask_to_set_aside(self.deployment, batch, self.dag_run_id)
        self._standing({"batch_id": batch_id})
        if not batch.was_set_aside():
            withdraw(batch)
            raise overtaken(batch)

    def _standing(self, planned: Record | None) -> str | None:
        """Return the batch of a record, else the last one that took its place, if one did."""
        batch_id: str | None = planned["batch_id"] if planned else None
        while batch_id and (replaced := self._replacement(Batch(self.records, batch_id))):
            self._hand_over(Batch(self.records, batch_id), replaced)
            batch_id = replaced["by"]
        return batch_id

    def _open_next_batch(self) -> str:
        batch_id = self._freeze()
        if batch_id is None:
            prefix = self.deployment.prefixes.raw
            raise AirflowSkipException(f"no file of a known dataset in {prefix}")
        opened: str = self.records.create(OPEN_BATCH, {"batch_id": batch_id})["batch_id"]
        return opened

    def _freeze(self) -> str | None:
        return freeze_manifest(self.deployment, self.records, self.contract, self.dag_run_id)

    def _replacement(self, batch: Batch) -> Record | None:
        """Return what says that the batch gave way, having written it if it must; None: it stands.

        The files of a loaded batch may leave, and files that merely arrived wait for the next one.
        """
        if batch.was_loaded():
            return None
        replaced = batch.read(REPLACED) or self._replace_changed(batch)
        if replaced and self._is_overtaken(batch, replaced):
            self.records.delete_if(f"{batch.batch_id}/{REPLACED}", replaced)
            return self._replacement(batch)
        return replaced

    def _is_overtaken(self, batch: Batch, replaced: Record) -> bool:
        """Return whether the load began before the batch was handed over, so that it stands.

        Looked at once replaced.json is there: a load may begin while the new manifest is made.
        """
        if is_set_aside(replaced):
            return not is_settled(replaced) and batch.is_begun()
        is_open = self.records.read(OPEN_BATCH) == {"batch_id": batch.batch_id}
        return is_open and batch.is_begun()

    def _replace_changed(self, batch: Batch) -> Record | None:
        """Write down what takes the place of a changed batch, unless its load has begun."""
        changes = self._changes(batch)
        if not changes:
            return None
        if batch.is_begun():
            warn_of(changes, batch.batch_id, self.deployment.glue_jobs.undo.name)
            return None
        return self._replace(batch, [change.name for change in changes])

    def _changes(self, batch: Batch) -> list[Change]:
        current = current_versions(self.records.s3, self.deployment)
        return changes_since(batch.manifest(), self.contract.version, current)

    def _replace(self, batch: Batch, changed: list[str]) -> Record | None:
        # Whoever dies on the way leaves a batch that the next planner finds and follows:
        # 1. the old batch is the open one (it is already, but for a hand that closed it);
        # 2. the new manifest: nothing points to it yet, and the next planner may freeze another;
        # 3. replaced.json, once: from here on all go to the same new batch, and none loads the old,
        #    unless a load turns out to have begun it before the next step;
        # 4. _open.json, from the old batch to the new in one write, so that none can open a third;
        # 5. the run's record. All before it is done again from the old batch, and changes nothing.
        old = {"batch_id": batch.batch_id}
        opened = self.records.create(OPEN_BATCH, old)
        by = self._freeze() if opened == old else opened["batch_id"]
        if by == batch.batch_id:
            return None  # in this very moment the files were brought back, or the load began
        record = {"by": by, "changed": changed, "replaced_at": utc_text(datetime.now(UTC))}
        log.warning(
            "batch %s gives way to %s: %s changed", batch.batch_id, by or "none", ", ".join(changed)
        )
        return batch.create(REPLACED, record)

    def _hand_over(self, batch: Batch, replaced: Record) -> None:
        """Make the batch that took the place of the open one the open one; there may be none."""
        if is_set_aside(replaced):
            set_aside(self.deployment.prefixes, batch, replaced)
        if replaced["by"] is None:
            batch.close()
        else:
            old, new = {"batch_id": batch.batch_id}, {"batch_id": replaced["by"]}
            self.records.replace_if(OPEN_BATCH, old, new)
