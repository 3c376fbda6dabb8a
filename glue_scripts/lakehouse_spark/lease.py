"""The one-writer lease: whoever writes Delta tables holds this object, and only one can.

Two drivers that commit to a table at once can lose a commit, because S3 has no atomic Delta commit
between them. The lease is created once, names its holder, and is checked before each commit.
"""

import json
from dataclasses import asdict, dataclass

from lakehouse_spark.storage import VersionedStorage

LEASE = "batches/_lease.json"


class LeaseUnreadable(RuntimeError):
    """What lies where the lease should be is none."""


class LeaseBusy(RuntimeError):
    """Another holds the lease and may still be writing."""


class LeaseLost(RuntimeError):
    """The lease is no longer ours, so we may not commit."""


@dataclass(frozen=True)
class LeaseRecord:
    """What the lease says: who holds it, for which batch, since when.

    The holder is a run of a Glue job, or, without a job, a process that somebody started.
    """

    holder: str
    job: str | None
    batch_id: str
    acquired_at: str

    def __str__(self) -> str:
        """Return who holds the lease, for messages."""
        is_run = self.job is not None
        who = f"Glue run {self.holder} of {self.job}" if is_run else f"a process ({self.holder})"
        return f"{who}, for batch {self.batch_id}, since {self.acquired_at}"

    def encode(self) -> bytes:
        """Return the record as it is written."""
        return json.dumps(asdict(self), indent=1).encode()


@dataclass(frozen=True)
class Lease:
    """The lease that we hold, as it was when we got it."""

    storage: VersionedStorage
    content: bytes

    def check(self) -> None:
        """Return if the lease is still ours; to be called right before each commit.

        Raises:
            LeaseLost: it is another's now, or nobody's.
        """
        found = self.storage.read(LEASE)
        if found == self.content:
            return
        now = "is gone" if found is None else f"is held by {decode_lease(self.storage, found)}"
        raise LeaseLost(
            f"{lease_address(self.storage)} was ours and {now}, so another may be writing and "
            "nothing more is committed here. Running this again is safe"
        )

    def release(self) -> None:
        """Delete the lease if it is still ours."""
        found = self.storage.get(LEASE)
        if found is not None and found.content == self.content:
            self.storage.delete_version(LEASE, found.identity)


def lease_address(storage: VersionedStorage) -> str:
    """Return where the lease lies, for messages."""
    return f"{storage.root}/{LEASE}"


def decode_lease(storage: VersionedStorage, content: bytes) -> LeaseRecord:
    """Return what a lease says.

    Raises:
        LeaseUnreadable: it is no lease.
    """
    try:
        return LeaseRecord(**json.loads(content))
    except (ValueError, TypeError) as error:
        raise LeaseUnreadable(
            f"{lease_address(storage)} is not a lease: {error}. Once it is certain that nothing "
            "writes to the tables, delete it and run this again"
        ) from error
