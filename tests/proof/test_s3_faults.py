"""The load on an S3 that refuses, cuts and loses answers: it fails cleanly or ends as it should."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lakehouse_spark.contract import Contract

from local_aws.settings import client_environment, delta_storage_options
from local_stack.paths import ROOT
from tests.glue_scripts.local_cloud import local_cloud, new_bucket
from tests.proof.fault_proxy import AFTER, BEFORE, TRIES, FaultProxy, fault_proxy
from tests.proof.lake import Lake
from tests.proof.scenario import Uninterrupted, plan_second

Upload = Callable[[Lake], tuple[Lake, str]]

RATE = 0.05
MOST_TRIES = 10
# In any case: S3 has the object, and the client never hears of it. Asked again, S3 says that there
# is one, to who creates once; and a commit that is in the log fails the run that made it.
LOST = {
    r"PUT .*/_lease\.json": 1,
    r"PUT .*/base_versions\.json": 1,
    r"PUT .*/orders/_delta_log/0+[12]\.json": TRIES,
}
# The seed, and the batch to begin with.
BAD_DAYS = [
    pytest.param(1, "second", marks=pytest.mark.long),
    *(pytest.param(seed, "first", marks=pytest.mark.long) for seed in range(2, 8)),
]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a local AWS where nothing goes wrong."""
    with local_cloud(tmp_path_factory.mktemp("cloud")) as endpoint:
        yield endpoint


@pytest.fixture
def in_cloud(cloud: str, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> Upload:
    """Return what brings a lake into a bucket of its own; it returns that and S3's address."""

    def upload(lake: Lake) -> tuple[Lake, str]:
        # Without versions an object's id is the same as in a folder, and so the tables are.
        bucket = new_bucket(cloud, monkeypatch, versioning=None)
        for path in lake.folder.rglob("*"):
            if path.is_file() and path.suffix != ".crc":
                bucket.put(path.relative_to(lake.folder).as_posix(), path.read_bytes())
        return Lake(bucket, contract, delta_storage_options(cloud)), cloud

    return upload


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("seed", "begin"), BAD_DAYS)
def test_whatever_s3_does_the_load_ends_as_if_nothing_had_happened(
    uninterrupted: Uninterrupted, in_cloud: Upload, tmp_path: Path, seed: int, begin: str
) -> None:
    lake, cloud = in_cloud(uninterrupted.planned[begin])
    with fault_proxy(cloud, RATE, seed, LOST) as proxy:
        load_until_done(lake, begin, proxy, tmp_path)
        assert lake.end_state(begin) == uninterrupted.end_states[begin]
        if begin == "first":
            load_until_done(lake, plan_second(lake), proxy, tmp_path)
            assert lake.end_state("second") == uninterrupted.end_states["second"]
    assert set(proxy.faults) >= {*BEFORE, *AFTER}, "this seed shows too little"
    assert all(proxy.still_to_lose[each] < count for each, count in LOST.items())


def load_until_done(lake: Lake, batch_id: str, proxy: FaultProxy, scratch: Path) -> None:
    """Run the job again and again; a run that failed has not said that it was done."""
    for attempt in range(1, MOST_TRIES + 1):
        if run_job(lake, batch_id, proxy, scratch / f"{batch_id}_{attempt}") == 0:
            return
    pytest.fail(f"{MOST_TRIES} runs have failed; faults so far: {proxy.faults}")


def run_job(lake: Lake, batch_id: str, proxy: FaultProxy, scratch: Path) -> int:
    """Run the job in a process of its own; return its exit code."""
    bucket = lake.storage.root.removeprefix("s3://")
    arguments = [bucket, batch_id, str(scratch), scratch.name]
    environment = {
        **os.environ,
        **client_environment(proxy.endpoint),
        "AWS_MAX_ATTEMPTS": "2",
        "PYTHONPATH": f"{ROOT}:{ROOT / 'glue_scripts'}",
    }
    command = [sys.executable, "-m", "tests.proof.s3_load", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, timeout=600).returncode
