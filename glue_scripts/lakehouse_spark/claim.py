"""How a job comes to hold the one-writer lease: at once, by waiting, or after a dead run."""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import boto3  # type: ignore[import-untyped]
from botocore.exceptions import ClientError

from lakehouse_spark.lease import (
    LEASE,
    Lease,
    LeaseBusy,
    LeaseRecord,
    decode_lease,
    lease_address,
)
from lakehouse_spark.steps import log
from lakehouse_spark.storage import VersionedStorage

ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"}
POLL_SECONDS = 5.0

# Of a Glue run, by its job's name and its id; None where Glue knows no such run.
RunState = Callable[[str, str], str | None]


@dataclass(frozen=True)
class Holder:
    """Who wants the lease: a run of a Glue job, or, without a job, a process on some host."""

    name: str
    job: str | None


def this_holder(glue_run_id: str | None, job: str | None) -> Holder:
    """Return this process as a holder; Glue tells each run both its id and its job."""
    if glue_run_id and job:
        return Holder(glue_run_id, job)
    return Holder(f"by hand: {socket.gethostname()} {os.getpid()}", None)


def glue_run_state(job: str, run_id: str) -> str | None:
    """Return the state of a Glue run, or None where Glue knows no such run."""
    try:
        answer = boto3.client("glue").get_job_run(JobName=job, RunId=run_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "EntityNotFoundException":
            raise
        return None
    state: str = answer["JobRun"]["JobRunState"]
    return state


@contextmanager
def hold_lease(
    storage: VersionedStorage,
    holder: Holder,
    batch_id: str,
    wait_seconds: float,
    run_state: RunState = glue_run_state,
    poll_seconds: float = POLL_SECONDS,
) -> Iterator[Lease]:
    """Hold the lease inside; where a Glue run has it, wait until that has ended.

    Raises:
        LeaseBusy: the run does not end in time, or only a person can tell whether it has.
        LeaseUnreadable: the object is no lease.
    """
    claim = _Claim(storage, holder, batch_id, run_state)
    lease = claim.wait(wait_seconds, poll_seconds)
    try:
        yield lease
    finally:
        _release(lease)


def _release(lease: Lease) -> None:
    try:
        lease.release()
    except Exception:
        # The job's own outcome stands; the next one takes over from a run that has ended.
        log.exception("could not release %s", lease_address(lease.storage))


@dataclass(frozen=True)
class _Claim:
    """The wish of one process to hold the lease."""

    storage: VersionedStorage
    holder: Holder
    batch_id: str
    run_state: RunState

    def wait(self, wait_seconds: float, poll_seconds: float) -> Lease:
        """Return the lease once it is to be had."""
        deadline = time.monotonic() + wait_seconds
        waits_for = None
        while not isinstance(taken := self._take(), Lease):
            seconds_left = deadline - time.monotonic()
            if seconds_left <= 0:
                waited = f"It has not ended within {wait_seconds:g} s"
                raise self._busy(taken, f"{waited}: wait for it, or stop it, and run this again")
            if taken != waits_for:
                log.info("waits up to %.0f s for the lease of %s", seconds_left, taken)
                waits_for = taken
            time.sleep(min(poll_seconds, seconds_left))
        return taken

    def _take(self) -> Lease | LeaseRecord:
        """Return the lease, or who holds it and has not ended."""
        dead = None
        while not self.storage.create(LEASE, wanted := self._record().encode()):
            found = self.storage.get(LEASE)
            if found is None:
                continue  # released just now
            other = decode_lease(self.storage, found.content)
            # The same content: we have created it, but S3's answer was lost and we asked again.
            if found.content == wanted or self._is_our_run(other):
                return Lease(self.storage, found.content)
            if not self._has_ended(other):
                return other
            # Others may come to the same conclusion. All delete this very version, one creates.
            self.storage.delete_version(LEASE, found.identity)
            dead = other
        if dead is not None:
            log.info("took over the lease of %s, which has ended", dead)
        return Lease(self.storage, wanted)

    def _record(self) -> LeaseRecord:
        now = datetime.now(UTC).isoformat()
        return LeaseRecord(self.holder.name, self.holder.job, self.batch_id, now)

    def _is_our_run(self, other: LeaseRecord) -> bool:
        # Of runs alone: a process id is not the same process for ever.
        return other.job is not None and Holder(other.holder, other.job) == self.holder

    def _has_ended(self, other: LeaseRecord) -> bool:
        """Return whether Glue says that the run has ended; LeaseBusy where Glue can't say."""
        if other.job is None:
            raise self._busy(other, f"Only a person can tell whether it has ended: {self._freeing}")
        state = self.run_state(other.job, other.holder)
        if state is None:
            why = "Glue knows no such run, so only a person can tell whether it has ended"
            raise self._busy(other, f"{why}: {self._freeing}")
        return state in ENDED

    @property
    def _freeing(self) -> str:
        return f"once that is certain, delete {lease_address(self.storage)} and run this again"

    def _busy(self, other: LeaseRecord, what_to_do: str) -> LeaseBusy:
        return LeaseBusy(f"{lease_address(self.storage)} is held by {other}. {what_to_do}")
