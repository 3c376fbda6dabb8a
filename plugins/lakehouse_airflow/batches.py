"""What the records say of one batch: loaded or not, which attempt, taken back or not."""

from dataclasses import dataclass

from airflow.sdk.exceptions import AirflowFailException

from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record, Records, batch_records

OPEN_BATCH = "_open.json"
REPLACED = "replaced.json"
SET_ASIDE = "set_aside"  # the DAG's parameter, what replaced.json calls it, and a record's name
PUBLISHED = "published.json"
# Of one attempt, by its number.
VERDICT = "attempts/{}/verdict.json"
CRAWLED = "attempts/{}/crawled.json"
VERIFIED = "attempts/{}/verified/{}.json"


class BatchNotReady(AirflowFailException):
    """A step that this task needs has not happened; the message says which task to clear."""


@dataclass(frozen=True)
class Batch:
    """One batch and its records; names are relative to ``batches/<batch_id>/``."""

    records: Records
    batch_id: str

    def read(self, name: str) -> Record | None:
        """Return a record of the batch, or None where there is none."""
        return self.records.read(f"{self.batch_id}/{name}")

    def put(self, name: str, record: Record) -> None:
        """Write a record of the batch, over an earlier one if there is one."""
        self.records.put(f"{self.batch_id}/{name}", record)

    def create(self, name: str, record: Record) -> Record:
        """Write a record of the batch if there is none yet; return the one that is there now."""
        return self.records.create(f"{self.batch_id}/{name}", record)

    def manifest(self) -> Record:
        """Return the manifest, or raise BatchNotReady."""
        manifest = self.read("manifest.json")
        if manifest is None:
            raise BatchNotReady(f"batch {self.batch_id} has no manifest: clear plan_batch")
        return manifest

    def current_attempt(self) -> int:
        """Return the number of the attempt: 1, and one more for each undo that was started."""
        started = [
            name
            for name in self.records.names(f"{self.batch_id}/attempts/")
            if name.endswith("/undo_started.json")
        ]
        return 1 + len(started)

    def undo_is_unfinished(self) -> bool:
        """Return whether the last undo was started and has not come to its end."""
        ended_attempt = self.current_attempt() - 1
        return ended_attempt > 0 and self.read(f"attempts/{ended_attempt}/undone.json") is None

    def was_loaded(self) -> bool:
        """Return whether the batch is loaded, or was so when its files left for the archive."""
        return any(self.read(name) is not None for name in ("load.json", "archived.json"))

    def was_set_aside(self) -> bool:
        """Return whether the batch's files were moved away, since it could not be mended."""
        return self.read(f"{SET_ASIDE}.json") is not None

    def is_begun(self) -> bool:
        """Return whether tables may hold a part of the batch: no load or undo came to its end."""
        base_versions = f"attempts/{self.current_attempt()}/base_versions.json"
        return self.undo_is_unfinished() or self.read(base_versions) is not None

    def ledger(self) -> Record | None:
        """Return the ledger, or None where the batch is not loaded or is being taken back."""
        return None if self.undo_is_unfinished() else self.read("load.json")

    def loaded_ledger(self) -> Record:
        """Return the ledger, or raise BatchNotReady."""
        if self.undo_is_unfinished():
            raise BatchNotReady(f"an undo of batch {self.batch_id} is unfinished: clear undo_batch")
        ledger = self.read("load.json")
        if ledger is None:
            raise BatchNotReady(f"batch {self.batch_id} is not loaded: clear load_delta")
        return ledger

    def verdict(self) -> Record | None:
        """Return what the quality gate said of the current attempt, or None."""
        return self.read(VERDICT.format(self.current_attempt()))

    def require_passed(self) -> None:
        """Raise BatchNotReady unless the current attempt is loaded and the gate let it pass."""
        self.loaded_ledger()
        if (self.verdict() or {}).get("verdict") != "pass":
            raise BatchNotReady(
                f"batch {self.batch_id} has not passed the quality gate: clear quality_gate"
            )

    def require_crawled(self) -> None:
        """Raise BatchNotReady unless a crawl began after the current attempt had passed."""
        self.require_passed()
        if self.read(CRAWLED.format(self.current_attempt())) is None:
            raise BatchNotReady(f"batch {self.batch_id} is not crawled: clear run_crawler")

    def publication(self) -> Record | None:
        """Return what says that the current attempt is published, or None."""
        published = self.read(PUBLISHED)
        is_current = published is not None and published["attempt"] == self.current_attempt()
        return published if is_current else None

    def require_published(self) -> None:
        """Raise BatchNotReady unless readers have been shown the current attempt."""
        self.require_passed()
        if self.publication() is None:
            raise BatchNotReady(f"batch {self.batch_id} is not published: clear publish_batch")

    def taken_back_ledger(self, attempt: int) -> Record | None:
        """Return the ledger that the undo of an attempt took back, or None."""
        started = self.read(f"attempts/{attempt}/undo_started.json")
        ledger: Record | None = started and started["ledger"]
        return ledger

    def close(self) -> None:
        """Let the next batch be planned, if this is the open one."""
        self.records.delete_if(OPEN_BATCH, {"batch_id": self.batch_id})


def is_set_aside(replaced: Record) -> bool:
    """Return whether a batch gave way because a person asked for it to be set aside."""
    return SET_ASIDE in replaced["changed"]


def batch_of(deployment: Deployment, batch_id: str) -> Batch:
    """Return the batch that a task was given.

    Raises:
        BatchNotReady: the task was given none, because plan_batch did not run.
    """
    if not batch_id:
        raise BatchNotReady("this DAG run has no batch: clear plan_batch")
    return Batch(batch_records(deployment), batch_id)


def require_planned(deployment: Deployment, batch_id: str) -> None:
    """Refuse to load what is not planned (BatchNotReady); the load ends an unfinished undo."""
    batch = batch_of(deployment, batch_id)
    batch.manifest()
    replaced = batch.read(REPLACED)
    if replaced is None or batch.was_loaded():
        return
    if is_set_aside(replaced):
        raise BatchNotReady(f"batch {batch_id} is set aside: clear plan_batch, for another")
    raise BatchNotReady(
        f"the files of batch {batch_id}, or the contract, have changed: clear plan_batch"
    )


def require_loaded(deployment: Deployment, batch_id: str) -> None:
    """Refuse to check what is not loaded (BatchNotReady)."""
    batch_of(deployment, batch_id).loaded_ledger()
