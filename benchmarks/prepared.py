"""The buckets that the measured processes work on: made once, and copied for every round."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.deliveries import Delivery, delivered, parameters_hash
from benchmarks.folder_bucket import FolderBucket
from benchmarks.job_code import JobCode
from benchmarks.planning import plan_batch
from benchmarks.shop_days import Shop
from benchmarks.spark_process import run_module

FEW_DAYS = 31
ONLY_PRODUCTS = Delivery(first_day=0, days=0, with_products=True)
MODULE = "benchmarks.past_days"


class Prepared:
    """Deliveries and past days of one shop under a folder; what is there is not made again."""

    def __init__(self, folder: Path, shop: Shop, code: JobCode) -> None:
        """Keep all under `folder`; the jobs' `code` makes the tables."""
        self._folder = folder
        self._shop = shop
        self._code = code

    def delivery(self, delivery: Delivery) -> Path:
        """Return the folder of the delivery's files."""
        return delivered(self._folder, self._shop, delivery)

    def past(self, days: int) -> Path:
        """Return a bucket in which `days` days are loaded, by the job as it is now."""
        name = f"past-{days}-{parameters_hash(self._shop)}-"
        folder = self._folder / (name + self._code.digest)
        if not folder.exists():
            for other_code in self._folder.glob(f"{name}*"):
                shutil.rmtree(other_code)
        return once(folder, lambda part: self._make_past(part, days))

    def _make_past(self, bucket: Path, days: int) -> None:
        files = self._files_of(max(days, FEW_DAYS))
        deliver(self.delivery(ONLY_PRODUCTS), bucket, self._code)
        arguments = ["tables", str(self._code.contract), str(files), str(bucket), str(days)]
        run_module(MODULE, arguments, bucket / "process", self._code.folder)
        for leftover in ("raw", "batches", "process"):
            shutil.rmtree(bucket / leftover)

    def _files_of(self, days: int) -> Path:
        """Return the folder with the data files of so many days."""
        shop = [str(self._shop.orders_a_day), str(self._shop.products)]

        def make(part: Path) -> None:
            arguments = ["files", str(self._code.contract), str(part), *shop, str(days)]
            run_module(MODULE, arguments, part / "process", self._code.folder)
            shutil.rmtree(part / "rows")

        return once(self._folder / f"files-{days}-{parameters_hash(self._shop)}", make)


def once(folder: Path, make: Callable[[Path], None]) -> Path:
    """Return the folder, made by `make` under another name if it is not there."""
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        make(part)
        part.rename(folder)
    return folder


def copy_bucket(source: Path, target: Path) -> None:
    """Copy a bucket; data files are never written again, so links will do for them."""
    shutil.copytree(source, target, copy_function=_copy_or_link)


def deliver(delivery: Path, bucket: Path, code: JobCode) -> None:
    """Put the files of a delivery into a bucket, and plan them."""
    shutil.copytree(delivery, bucket, copy_function=os.link, dirs_exist_ok=True)
    plan_batch(FolderBucket(bucket), delivery, code.contract_version)


def _copy_or_link(source: str, target: str) -> None:
    is_data = source.endswith(".parquet") and "_delta_log" not in source
    (os.link if is_data else shutil.copyfile)(source, target)
