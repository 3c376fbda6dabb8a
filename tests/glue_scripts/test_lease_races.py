"""Many that want the lease at once, on a folder and on S3, and runs that die with it."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from lakehouse_spark.claim import glue_run_state, hold_lease
from lakehouse_spark.lease import LEASE, LeaseBusy
from lakehouse_spark.storage import S3Storage, VersionedStorage

from tests.glue_scripts.folder_storage import FolderStorage
from tests.glue_scripts.lease_race import (
    contend,
    contend_in_process,
    hold_and_die,
    put_dead_lease,
    put_lease,
    run,
)
from tests.glue_scripts.local_cloud import local_cloud, new_bucket

ROUNDS = {"FolderStorage": 300, "S3Storage": 50}
PREPARATIONS = [lambda storage: storage.delete(LEASE), put_dead_lease]
spawning = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start an AWS of our own; return its address."""
    with local_cloud(tmp_path_factory.mktemp("local_aws")) as endpoint:
        yield endpoint


@pytest.fixture
def bucket(cloud: str, monkeypatch: pytest.MonkeyPatch) -> S3Storage:
    """Return a versioned bucket, empty."""
    return new_bucket(cloud, monkeypatch)


@pytest.fixture(params=["folder", "S3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> VersionedStorage:
    """Return an empty bucket of each kind."""
    if request.param == "folder":
        return FolderStorage(tmp_path)
    bucket: S3Storage = request.getfixturevalue("bucket")
    return bucket


def assert_one_won(wins: list[list[bool]], rounds: int) -> None:
    of_each_round = [sum(won) for won in zip(*wins, strict=True)]
    assert of_each_round == [1] * rounds


@pytest.mark.parametrize("prepare", PREPARATIONS, ids=["create", "take over"])
def test_of_threads_one_wins(
    storage: VersionedStorage, prepare: Callable[[VersionedStorage], None]
) -> None:
    rounds = ROUNDS[type(storage).__name__]
    contest = rounds, threading.Barrier(2, partial(prepare, storage)), threading.Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(contend, storage, run_id, *contest) for run_id in ("jr_1", "jr_2")]
        assert_one_won([each.result() for each in runs], rounds)
    assert storage.read(LEASE) is None


def test_of_processes_one_wins(tmp_path: Path) -> None:
    storage, rounds = FolderStorage(tmp_path), 300
    reports: Any = spawning.SimpleQueue()
    dead_lease_first = partial(put_dead_lease, storage)
    contest = rounds, spawning.Barrier(2, dead_lease_first), spawning.Barrier(2)
    for run_id in ("jr_1", "jr_2"):
        contestant = (reports.put, storage, run_id, *contest)
        spawning.Process(target=contend_in_process, args=contestant, daemon=True).start()
    assert_one_won([reports.get(), reports.get()], rounds)


def test_nobody_writes_beside_another_whoever_dies(storage: VersionedStorage) -> None:
    crew = Crew(storage)
    rounds = ROUNDS[type(storage).__name__] // 10
    with ThreadPoolExecutor(3) as pool:
        for each in [pool.submit(crew.work, name, rounds) for name in ("jr_a", "jr_b", "jr_c")]:
            each.result()
    assert (crew.jobs_done, crew.writing) == (3 * rounds, [])


class Crew:
    """Runs that come one after the other in each of some threads; every other one dies."""

    def __init__(self, storage: VersionedStorage) -> None:
        self.writing: list[str] = []
        self.jobs_done = 0
        self._storage = storage
        self._dead: set[str] = set()
        self._graves: list[Any] = []

    def work(self, name: str, rounds: int) -> None:
        """Have runs hold the lease; fail where another writes at the same time."""
        for number in range(rounds):
            run_id = f"{name}_{number}"
            held = hold_lease(self._storage, run(run_id), "b1", 60, self._state, 0.001)
            with ExitStack() as stack:
                lease = stack.enter_context(held)
                self.writing.append(run_id)
                time.sleep(0.002)
                lease.check()
                assert self.writing == [run_id]
                self.writing.remove(run_id)
                self.jobs_done += 1
                if number % 2:
                    # Kept, because a context that is forgotten is left in order.
                    self._graves.append(stack.pop_all())
                    self._dead.add(run_id)

    def _state(self, _: str, run_id: str) -> str:
        return "FAILED" if run_id in self._dead else "RUNNING"


def test_the_lease_of_a_run_that_was_killed_is_there_for_the_next(tmp_path: Path) -> None:
    storage = FolderStorage(tmp_path)
    process = spawning.Process(target=hold_and_die, args=(storage, "jr_0"))
    process.start()
    process.join(60)
    assert process.exitcode == 9
    with pytest.raises(LeaseBusy), hold_lease(storage, run("jr_1"), "b1", 0, lambda *_: "STOPPING"):
        pytest.fail("held")
    with hold_lease(storage, run("jr_1"), "b1", 0, lambda *_: "FAILED"):
        pass
    assert storage.read(LEASE) is None


@pytest.fixture
def glue_job(bucket: S3Storage) -> str:
    """Return the name of a Glue job that has nothing to do."""
    bucket.put("nothing.py", b"")
    command = {"Name": "glueetl", "ScriptLocation": f"{bucket.root}/nothing.py"}
    name = bucket.root.rpartition("/")[2]
    boto3.client("glue").create_job(Name=name, Role="glue", Command=command)
    return name


def test_glue_says_whether_a_run_has_ended(glue_job: str, bucket: S3Storage) -> None:
    run_id = boto3.client("glue").start_job_run(JobName=glue_job)["JobRunId"]
    put_lease(bucket, run_id, glue_job)
    with hold_lease(bucket, run("jr_1"), "b1", 60, poll_seconds=0.1) as lease:
        lease.check()
    assert glue_run_state(glue_job, run_id) == "SUCCEEDED"


def test_a_run_that_glue_does_not_know_has_no_state(glue_job: str) -> None:
    assert glue_run_state(glue_job, "jr_0") is None
    assert glue_run_state("no-such-job", "jr_0") is None
