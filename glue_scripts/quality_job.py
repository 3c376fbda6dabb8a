"""Glue job: Soda's checks over the tables, and the quality report of a batch.

``--bucket NAME --batch_id ID [--scope batch|tables] [--contract FILE]
[--lease_wait_seconds SECONDS] [--log_level LEVEL]``; safe to run again.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse_spark.arguments import seconds
from lakehouse_spark.check import CHECKS, Scope, check_batch
from lakehouse_spark.claim import hold_lease, this_holder
from lakehouse_spark.contract import read_contract
from lakehouse_spark.session import get_session
from lakehouse_spark.steps import job_log
from lakehouse_spark.storage import S3Storage


@dataclass(frozen=True)
class Args:
    """What this job is told; the checks are the ``*.soda.yml`` in its working directory."""

    bucket: str
    batch_id: str
    scope: Scope
    contract: str
    log_level: str
    lease_wait_seconds: float
    job_name: str | None
    glue_run_id: str | None


def parse_args(argv: Sequence[str]) -> Args:
    """Return our arguments, whatever others Glue adds."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--batch_id", required=True)
    parser.add_argument("--scope", type=Scope, default=Scope.BATCH, choices=list(Scope))
    parser.add_argument("--contract", default="orders_lakehouse.odcs.yaml")
    parser.add_argument("--log_level", default="INFO")
    parser.add_argument("--lease_wait_seconds", type=seconds, default=300.0)
    parser.add_argument("--JOB_NAME", dest="job_name")
    parser.add_argument("--JOB_RUN_ID", dest="glue_run_id")
    return Args(**vars(parser.parse_known_args(argv)[0]))


def main(argv: Sequence[str]) -> None:
    """Check the batch; an exception fails the Glue run with its last line as the message."""
    args = parse_args(argv)
    with job_log(args.log_level, args.batch_id):
        _run(args)


def _run(args: Args) -> None:
    # Soda takes the times that it reads for UTC, and Python gives them in the zone of the machine.
    os.environ["TZ"] = "UTC"
    time.tzset()
    contract, storage = read_contract(args.contract), S3Storage(args.bucket)
    check_files = sorted(Path.cwd().glob(f"*{CHECKS}"))
    holder = this_holder(args.glue_run_id, args.job_name)
    with hold_lease(storage, holder, args.batch_id, args.lease_wait_seconds) as lease:
        check_batch(get_session(), contract, storage, args.batch_id, check_files, args.scope, lease)


if __name__ == "__main__":
    main(sys.argv[1:])
