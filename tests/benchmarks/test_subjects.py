"""The three subjects do the same to clean files, and past days are what a load would have left."""

import shutil
from pathlib import Path

import pytest
from lakehouse_spark.contract import Contract
from lakehouse_spark.tables import table_path
from pyspark.sql import SparkSession

from benchmarks import past_days
from benchmarks.deliveries import Delivery, delivered
from benchmarks.delta_log import changed_files, commit_files
from benchmarks.folder_bucket import FolderBucket
from benchmarks.job_code import JobCode
from benchmarks.past_days import commit_count, make_tables, write_files
from benchmarks.prepared import ONLY_PRODUCTS, deliver
from benchmarks.shop_days import Shop
from benchmarks.subject import SUBJECTS

DAYS = 11
FIRST_DAYS = Delivery(first_day=0, days=DAYS, with_products=True)

Rows = dict[str, list[str]]


def rows_of(spark: SparkSession, contract: Contract, bucket: Path) -> Rows:
    """Return the rows of all tables, without where they are from."""
    rows = {}
    for dataset in contract.datasets:
        table_df = spark.read.format("delta").load(table_path(f"file:{bucket}", dataset.name))
        found = table_df.select(dataset.column_names).collect()
        rows[dataset.name] = sorted(map(str, found))
    return rows


@pytest.fixture(scope="session")
def loaded(
    spark: SparkSession,
    contract: Contract,
    code: JobCode,
    shop: Shop,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return a bucket into which the job has loaded the first days."""
    folder = tmp_path_factory.mktemp("loaded")
    deliver(delivered(folder, shop, FIRST_DAYS), folder / "bucket", code)
    SUBJECTS["job"](spark, contract, FolderBucket(folder / "bucket"))
    return folder / "bucket"


@pytest.mark.parametrize("subject", ["naive", "floor"])
def test_others_end_with_the_jobs_rows(
    spark: SparkSession,
    contract: Contract,
    code: JobCode,
    shop: Shop,
    loaded: Path,
    tmp_path: Path,
    subject: str,
) -> None:
    bucket = tmp_path / "bucket"
    deliver(delivered(tmp_path, shop, FIRST_DAYS), bucket, code)
    SUBJECTS[subject](spark, contract, FolderBucket(bucket))
    assert rows_of(spark, contract, bucket) == rows_of(spark, contract, loaded)


def test_past_days_are_as_if_loaded(
    spark: SparkSession,
    contract: Contract,
    code: JobCode,
    shop: Shop,
    loaded: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(past_days, "AFTER_CHECKPOINT", 1)  # each takes a second
    bucket, files = tmp_path / "bucket", tmp_path / "files"
    deliver(delivered(tmp_path, shop, ONLY_PRODUCTS), bucket, code)
    write_files(contract, str(files), str(shop.orders_a_day), str(shop.products), str(DAYS + 1))
    make_tables(contract, str(files), str(bucket), str(DAYS))
    assert rows_of(spark, contract, bucket) == rows_of(spark, contract, loaded)
    log = bucket / "processed/orders/_delta_log"
    assert max(path.stem for path in log.glob("*.json")) == f"{DAYS:020}"
    assert (log / f"{DAYS - 1:020}.checkpoint.parquet").exists()


def test_files_added_and_removed_are_those_of_new_commits(loaded: Path, tmp_path: Path) -> None:
    bucket = Path(shutil.copytree(loaded, tmp_path / "bucket"))
    before = commit_files(bucket)
    (bucket / "processed/orders/_delta_log/00000000000000000099.json").write_text(
        '{"commitInfo":{}}\n{"add":{}}\n{"add":{}}\n{"remove":{}}\n'
    )
    assert changed_files(bucket, before) == {"add": 2, "remove": 1}


@pytest.mark.parametrize(("days", "commits"), [(6, 5), (30, 25), (31, 25), (365, 365)])
def test_the_last_checkpoint_is_always_as_far_back(days: int, commits: int) -> None:
    assert commit_count(days) == commits
