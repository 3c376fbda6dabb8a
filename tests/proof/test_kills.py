"""The load is killed wherever it can be; run again, it ends as if it had never been interrupted."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from local_stack.paths import ROOT
from tests.proof.lake import Lake
from tests.proof.scenario import PLANS, Uninterrupted

DATASETS = ["products", "orders", "order_items"]
TABLES = [*DATASETS, "rejected"]
STEPS = [
    "load", "check_files", "prepare_tables", "find_rejects", "look_back",
    *(f"{step}_{dataset}" for step in ("check", "classify") for dataset in DATASETS),
    *(f"commit_{table}" for table in TABLES),
]  # fmt: skip
RECORDS = [
    "create attempts/1/base_versions.json", "put load.json", "put attempts/1/load.json",
]  # fmt: skip
POINTS = [
    *(f"{edge} {step}" for step in STEPS for edge in ("enter", "leave")),
    *RECORDS,
    *(f"{moment} {table}" for table in TABLES for moment in ("write", "commit")),
]
BY_DEFAULT = {
    ("first", "write orders"), ("first", "leave commit_products"),
    ("second", "commit order_items"), ("second", "put load.json"),
}  # fmt: skip
KILLS = [
    pytest.param(batch, point, marks=[] if (batch, point) in BY_DEFAULT else [pytest.mark.long])
    for batch in PLANS
    for point in POINTS
]


def load_and_die(lake: Lake, batch_id: str, scratch: Path, point: str) -> tuple[int, list[str]]:
    """Load in a process of its own; return its exit code, and the points that it has reached."""
    command = [sys.executable, "-m", "tests.proof.dying_load", lake.folder, batch_id, scratch]
    process = subprocess.run(
        [*map(str, command), *([point] if point else [])],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'glue_scripts'}"},
        start_new_session=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
    )
    return process.returncode, process.stdout.splitlines()


@pytest.mark.parametrize(("batch_id", "point"), KILLS)
def test_a_killed_load_run_again_ends_as_if_uninterrupted(
    uninterrupted: Uninterrupted, spark: SparkSession, tmp_path: Path, batch_id: str, point: str
) -> None:
    lake = uninterrupted.planned[batch_id].copy(tmp_path / "lake")
    exit_code, reached = load_and_die(lake, batch_id, tmp_path / "scratch", point)
    assert exit_code == -signal.SIGKILL
    assert_died_at(lake, point, reached)
    lake.load(spark, batch_id)
    assert lake.end_state(batch_id) == uninterrupted.end_states[batch_id]


def assert_died_at(lake: Lake, point: str, reached: list[str]) -> None:
    """See that the kill came when it was meant to."""
    kind, _, table = point.partition(" ")
    if kind in {"write", "commit"}:
        assert f"enter commit_{table}" in reached
        assert f"leave commit_{table}" not in reached
        assert (kind == "write") == has_uncommitted_data(lake.table_folder(table))
    else:
        # Datasets are checked and committed side by side, so others may be reached meanwhile.
        assert point in reached[-4:]


def has_uncommitted_data(folder: Path) -> bool:
    """Return whether a data file is in no version of the table, which has no deleted ones yet."""
    table = DeltaTable(str(folder))
    committed = {
        action for version in range(table.version() + 1) for action in files_of(folder, version)
    }
    return {path.name for path in folder.rglob("part-*.parquet")} > committed


def files_of(folder: Path, version: int) -> Iterator[str]:
    table = DeltaTable(str(folder), version=version)
    return (Path(uri).name for uri in table.file_uris())


@pytest.mark.long
@pytest.mark.parametrize("batch_id", PLANS)
def test_every_step_and_record_of_the_load_has_its_kill(
    uninterrupted: Uninterrupted, tmp_path: Path, batch_id: str
) -> None:
    lake = uninterrupted.planned[batch_id].copy(tmp_path / "lake")
    exit_code, reached = load_and_die(lake, batch_id, tmp_path / "scratch", "")
    assert exit_code == 0
    assert set(reached) == {point for point in POINTS if not point.startswith(("write", "commit"))}
    assert lake.end_state(batch_id) == uninterrupted.end_states[batch_id]
