"""Glue job: load one batch of CSV files into the Delta tables.

``--bucket NAME --batch_id ID [--contract FILE] [--max_reject_share SHARE]
[--fail_on_shrinkage true|false] [--lease_wait_seconds SECONDS] [--log_level LEVEL]``;
safe to run again.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse_spark.arguments import seconds, share, true_or_false
from lakehouse_spark.claim import hold_lease, this_holder
from lakehouse_spark.contract import read_contract
from lakehouse_spark.guard import Overrides
from lakehouse_spark.load import load_batch
from lakehouse_spark.session import get_session
from lakehouse_spark.steps import job_log
from lakehouse_spark.storage import S3Storage


@dataclass(frozen=True)
class Args:
    """What this job is told; everything else comes from the manifest and the contract."""

    bucket: str
    batch_id: str
    contract: str
    log_level: str
    max_reject_share: float | None
    fail_on_shrinkage: bool
    lease_wait_seconds: float
    job_name: str | None
    glue_run_id: str | None


def parse_args(argv: Sequence[str]) -> Args:
    """Return our arguments, whatever others Glue adds."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--batch_id", required=True)
    parser.add_argument("--contract", default="orders_lakehouse.odcs.yaml")
    parser.add_argument("--log_level", default="INFO")
    parser.add_argument("--max_reject_share", type=share)
    parser.add_argument("--fail_on_shrinkage", type=true_or_false, default=False)
    parser.add_argument("--lease_wait_seconds", type=seconds, default=300.0)
    parser.add_argument("--JOB_NAME", dest="job_name")
    parser.add_argument("--JOB_RUN_ID", dest="glue_run_id")
    return Args(**vars(parser.parse_known_args(argv)[0]))


def main(argv: Sequence[str]) -> None:
    """Load the batch; an exception fails the Glue run with its last line as the message."""
    args = parse_args(argv)
    with job_log(args.log_level, args.batch_id):
        _run(args)


def _run(args: Args) -> None:
    contract = read_contract(args.contract)
    storage = S3Storage(args.bucket)
    holder = this_holder(args.glue_run_id, args.job_name)
    overrides = Overrides(args.max_reject_share, args.fail_on_shrinkage)
    with hold_lease(storage, holder, args.batch_id, args.lease_wait_seconds) as lease:
        load_batch(
            get_session(), contract, storage, args.batch_id, args.glue_run_id, overrides, lease
        )


if __name__ == "__main__":
    main(sys.argv[1:])
