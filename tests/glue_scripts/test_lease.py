"""One writer at a time: the lease, and how a job comes to hold it."""

import json
import logging
import os
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lakehouse_spark.claim import Holder, hold_lease, this_holder
from lakehouse_spark.lease import LEASE, LeaseBusy, LeaseLost, LeaseUnreadable
from lakehouse_spark.storage import StoredObject, VersionedStorage

from tests.glue_scripts.folder_storage import FolderStorage
from tests.glue_scripts.lease_race import JOB, SINCE, put_lease, run

ENDED = ["SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR", "EXPIRED"]
ALIVE = ["STARTING", "RUNNING", "WAITING", "STOPPING", "SOMETHING NEW"]


@pytest.fixture
def storage(tmp_path: Path) -> FolderStorage:
    """Return an empty bucket."""
    return FolderStorage(tmp_path)


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Return what the job logs."""
    with caplog.at_level(logging.INFO, logger="lakehouse_spark"):
        yield caplog


def states(*of_each_look: str | None) -> Callable[[str, str], str | None]:
    """Return what says one state after the other of every run, and the last one for ever."""
    left = list(of_each_look)
    return lambda job, run_id: left.pop(0) if len(left) > 1 else left[0]


def lease_of(storage: VersionedStorage) -> str | None:
    """Return who holds the lease."""
    content = storage.read(LEASE)
    return None if content is None else json.loads(content)["holder"]


def test_the_lease_says_who_holds_it_for_what_and_since_when(storage: VersionedStorage) -> None:
    with hold_lease(storage, run("jr_1"), "b1", 0):
        record = json.loads(storage.read("batches/_lease.json") or b"")
    since = datetime.fromisoformat(record.pop("acquired_at"))
    assert record == {"holder": "jr_1", "job": JOB, "batch_id": "b1"}
    assert timedelta() <= datetime.now(UTC) - since < timedelta(minutes=1)


def test_the_lease_is_gone_when_the_job_is_done(storage: VersionedStorage) -> None:
    with hold_lease(storage, run("jr_1"), "b1", 0):
        pass
    assert storage.read(LEASE) is None


def test_the_lease_is_gone_when_the_job_has_failed(storage: VersionedStorage) -> None:
    with pytest.raises(ZeroDivisionError), hold_lease(storage, run("jr_1"), "b1", 0):
        raise ZeroDivisionError
    assert storage.read(LEASE) is None


@pytest.mark.parametrize("state", ALIVE)
def test_the_lease_of_a_living_run_is_waited_for_in_vain(
    storage: VersionedStorage, state: str, log: pytest.LogCaptureFixture
) -> None:
    put_lease(storage, "jr_0")
    start = time.monotonic()
    busy = (
        rf"file:.*/batches/_lease\.json is held by Glue run jr_0 of {JOB}, for batch b0, since "
        r"2025-05-01T12:00:00\+00:00\. It has not ended within 0\.2 s: wait for it, or stop it, "
    )
    with (
        pytest.raises(LeaseBusy, match=busy),
        hold_lease(storage, run("jr_1"), "b1", 0.2, states(state), 0.01),
    ):
        pytest.fail("held")
    assert time.monotonic() - start >= 0.2
    assert lease_of(storage) == "jr_0"
    assert log.messages == [
        f"waits up to 0 s for the lease of Glue run jr_0 of {JOB}, for batch b0, since {SINCE}"
    ]


@pytest.mark.parametrize("state", ENDED)
def test_the_lease_of_a_dead_run_is_taken_over(
    storage: VersionedStorage, state: str, log: pytest.LogCaptureFixture
) -> None:
    put_lease(storage, "jr_0")
    with hold_lease(storage, run("jr_1"), "b1", 0, states(state)) as lease:
        assert lease_of(storage) == "jr_1"
        lease.check()
    assert storage.read(LEASE) is None
    assert log.messages == [
        f"took over the lease of Glue run jr_0 of {JOB}, for batch b0, since {SINCE}, "
        "which has ended"
    ]


def test_glue_is_asked_for_the_run_that_the_lease_names(storage: VersionedStorage) -> None:
    asked = []

    def ask(job: str, run_id: str) -> str:
        asked.append((job, run_id))
        return "FAILED"

    put_lease(storage, "jr_0", "Delta-undo-job")
    with hold_lease(storage, run("jr_1"), "b1", 0, ask):
        assert asked == [("Delta-undo-job", "jr_0")]


def test_a_run_that_dies_while_we_wait_leaves_us_the_lease(storage: VersionedStorage) -> None:
    put_lease(storage, "jr_0")
    with hold_lease(storage, run("jr_1"), "b1", 60, states("RUNNING", "STOPPING", "STOPPED"), 0.01):
        assert lease_of(storage) == "jr_1"


def test_a_run_that_ends_while_we_wait_leaves_us_the_lease(storage: VersionedStorage) -> None:
    def ask(_: str, __: str) -> str:
        storage.delete(LEASE)
        return "RUNNING"

    put_lease(storage, "jr_0")
    with hold_lease(storage, run("jr_1"), "b1", 60, ask, 0.01):
        assert lease_of(storage) == "jr_1"


def test_each_run_that_is_waited_for_is_named_once(
    storage: VersionedStorage, log: pytest.LogCaptureFixture
) -> None:
    looks = iter([*["jr_0"] * 3, *["jr_2"] * 3])

    def ask(_: str, __: str) -> str:
        put_lease(storage, next(looks, "jr_3"))
        return "RUNNING"

    put_lease(storage, "jr_0")
    with pytest.raises(LeaseBusy), hold_lease(storage, run("jr_1"), "b1", 0.5, ask, 0.01):
        pytest.fail("held")
    assert [line.split("Glue run ")[1][:4] for line in log.messages] == ["jr_0", "jr_2", "jr_3"]


@pytest.mark.parametrize(
    ("job", "why"),
    [(JOB, "Glue knows no such run, so only"), (None, r"_lease\.json is held by a process \(x\),")],
)
def test_a_lease_that_only_a_person_can_judge_is_left_at_once(
    storage: VersionedStorage, job: str | None, why: str
) -> None:
    put_lease(storage, "x", job)
    busy = rf"{why}.* once that is certain, delete file:.*/batches/_lease\.json and run this again"
    with (
        pytest.raises(LeaseBusy, match=busy),
        hold_lease(storage, run("jr_1"), "b1", 60, states(None)),
    ):
        pytest.fail("held")
    assert lease_of(storage) == "x"


def test_a_run_that_has_the_lease_already_has_it(storage: VersionedStorage) -> None:
    put_lease(storage, "jr_1")
    with hold_lease(storage, run("jr_1"), "b1", 0, states("RUNNING")) as lease:
        lease.check()
    assert storage.read(LEASE) is None


def test_a_process_id_that_comes_again_is_another_process(storage: VersionedStorage) -> None:
    by_hand = Holder("by hand: laptop 7", None)
    put_lease(storage, by_hand.name, None)
    with pytest.raises(LeaseBusy), hold_lease(storage, by_hand, "b1", 0):
        pytest.fail("held")


def test_a_lease_that_we_made_without_hearing_of_it_is_ours(tmp_path: Path) -> None:
    class Deaf(FolderStorage):
        def create(self, key: str, content: bytes) -> bool:
            super().create(key, content)
            return False

    with hold_lease(Deaf(tmp_path), Holder("by hand: laptop 7", None), "b1", 0) as lease:
        lease.check()


def test_a_lease_that_is_gone_is_noticed(storage: VersionedStorage) -> None:
    with hold_lease(storage, run("jr_1"), "b1", 0) as lease:
        storage.delete(LEASE)
        with pytest.raises(LeaseLost, match=r"/batches/_lease\.json was ours and is gone, so"):
            lease.check()


def test_a_lease_that_another_has_taken_is_noticed(storage: VersionedStorage) -> None:
    with hold_lease(storage, run("jr_1"), "b1", 0) as lease:
        put_lease(storage, "jr_2")
        with pytest.raises(LeaseLost, match=r"was ours and is held by Glue run jr_2 of"):
            lease.check()


def test_a_job_lets_go_of_its_own_lease_alone(storage: VersionedStorage) -> None:
    with hold_lease(storage, run("jr_1"), "b1", 0):
        put_lease(storage, "jr_2")
    assert lease_of(storage) == "jr_2"


def test_a_lease_that_another_takes_at_the_last_moment_stays(tmp_path: Path) -> None:
    class Late(FolderStorage):
        def get(self, key: str) -> StoredObject | None:
            found = super().get(key)
            put_lease(self, "jr_2")
            return found

    storage = Late(tmp_path)
    with hold_lease(storage, run("jr_1"), "b1", 0):
        pass
    assert lease_of(storage) == "jr_2"


def test_a_job_that_cannot_let_go_has_done_its_work(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    class Closed(FolderStorage):
        def delete_version(self, *_: object) -> None:
            raise PermissionError("denied")

    with hold_lease(Closed(tmp_path), run("jr_1"), "b1", 0):
        pass
    assert log.messages == [f"could not release file:{tmp_path}/batches/_lease.json"]


@pytest.mark.parametrize("content", [b"", b"\xff", b"{", b"[]", b"{}", b'{"holder": "jr_1"}'])
def test_what_is_no_lease_is_named_and_left(storage: VersionedStorage, content: bytes) -> None:
    storage.put(LEASE, content)
    with (
        pytest.raises(LeaseUnreadable, match=r"file:.*/batches/_lease\.json is not a lease"),
        hold_lease(storage, run("jr_1"), "b1", 0, states("FAILED")),
    ):
        pytest.fail("held")
    assert storage.read(LEASE) == content


def test_a_glue_run_is_known_by_its_id_and_job() -> None:
    assert this_holder("jr_1", JOB) == Holder("jr_1", JOB)


@pytest.mark.parametrize(("run_id", "job"), [(None, None), (None, JOB), ("jr_1", None), ("", JOB)])
def test_any_other_process_is_known_by_its_place(run_id: str | None, job: str | None) -> None:
    name = f"by hand: {socket.gethostname()} {os.getpid()}"
    assert this_holder(run_id, job) == Holder(name, None)
