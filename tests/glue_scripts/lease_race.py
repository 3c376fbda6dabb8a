"""Jobs that want the one-writer lease at the same time, and what Glue says of them."""

import os
import threading
from collections.abc import Callable
from multiprocessing.synchronize import Barrier as ProcessBarrier
from typing import Any

from lakehouse_spark.claim import Holder, hold_lease
from lakehouse_spark.lease import LEASE, LeaseBusy, LeaseRecord
from lakehouse_spark.storage import VersionedStorage

JOB = "Delta-lake-job"
SINCE = "2025-05-01T12:00:00+00:00"
Barrier = threading.Barrier | ProcessBarrier


def run(run_id: str) -> Holder:
    """Return a Glue run as a holder."""
    return Holder(run_id, JOB)


def put_lease(storage: VersionedStorage, run_id: str, job: str | None = JOB) -> None:
    """Leave a lease behind, as a run does that is killed."""
    storage.put(LEASE, LeaseRecord(run_id, job, "b0", SINCE).encode())


def put_dead_lease(storage: VersionedStorage) -> None:
    """Leave the lease of a run behind that has failed."""
    put_lease(storage, "jr_dead")


def only_jr_dead_has_ended(_: str, run_id: str) -> str:
    """Return the state of a run; all but one are alive."""
    return "FAILED" if run_id == "jr_dead" else "RUNNING"


def contend(
    storage: VersionedStorage, run_id: str, rounds: int, start: Barrier, end: Barrier
) -> list[bool]:
    """Try in each round to hold the lease; return for each whether we did."""
    return [_has_won(storage, run_id, start, end) for _ in range(rounds)]


def _has_won(storage: VersionedStorage, run_id: str, start: Barrier, end: Barrier) -> bool:
    start.wait(60)
    won = False
    try:
        with hold_lease(storage, run(run_id), "b1", 0, only_jr_dead_has_ended) as lease:
            lease.check()
            won = True
            # Nobody lets go of it before all have tried.
            end.wait(60)
    except LeaseBusy:
        end.wait(60)
    return won


def contend_in_process(report: Callable[[list[bool]], Any], *contest: Any) -> None:
    """Contend in a process of our own, and report the outcome."""
    report(contend(*contest))


def hold_and_die(storage: VersionedStorage, run_id: str) -> None:
    """Get the lease and end at once, as a process does that is killed."""
    with hold_lease(storage, run(run_id), "b0", 0, only_jr_dead_has_ended):
        os._exit(9)
