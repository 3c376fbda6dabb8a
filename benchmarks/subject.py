"""``python -m benchmarks.subject NAME BUCKET CONTRACT``: load what was delivered, and measure it.

A process and a JVM of its own, as a Glue run is; the last line of the output is the measurement.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lakehouse_spark.contract import Contract, read_contract
from lakehouse_spark.load import load_batch
from lakehouse_spark.session import get_session
from lakehouse_spark.storage import S3Storage, Storage
from pyspark.sql import SparkSession

from benchmarks.floor import append_all
from benchmarks.folder_bucket import FolderBucket
from benchmarks.naive import load_all
from benchmarks.planning import BATCH
from benchmarks.process_tree import cpu_seconds, peak_megabytes
from benchmarks.s3_requests import count_requests

S3 = "s3://"

Subject = Callable[[SparkSession, Contract, Storage], object]
SUBJECTS: Mapping[str, Subject] = {
    "job": lambda spark, contract, storage: load_batch(spark, contract, storage, BATCH),
    "naive": lambda spark, contract, storage: load_all(spark, contract, storage.root),
    "floor": lambda spark, contract, storage: append_all(spark, contract, storage.root),
}


def open_bucket(name: str) -> Storage:
    """Return the storage of a folder, or of ``s3://<bucket>``."""
    return S3Storage(name.removeprefix(S3)) if name.startswith(S3) else FolderBucket(Path(name))


@contextmanager
def measured(results: dict[str, Any]) -> Iterator[None]:
    """Put into `results` what is used inside: wall and CPU seconds, requests, and memory so far."""
    before = count_requests()
    cpu, start = cpu_seconds(os.getpid()), time.monotonic()
    yield
    results["seconds"] = time.monotonic() - start
    results["cpu_seconds"] = cpu_seconds(os.getpid()) - cpu
    results["peak_mb"] = peak_megabytes(os.getpid())
    results["requests"] = dict(count_requests() - before)


def main(subject: str, bucket: str, contract_file: str) -> None:
    """Run one subject on one bucket and print the measurement."""
    results: dict[str, Any] = {}
    contract, storage = read_contract(contract_file), open_bucket(bucket)
    start = time.monotonic()
    spark = get_session()
    results["session_seconds"] = time.monotonic() - start
    with measured(results):
        SUBJECTS[subject](spark, contract, storage)
    spark.stop()
    print(json.dumps(results))


if __name__ == "__main__":
    main(*sys.argv[1:])
