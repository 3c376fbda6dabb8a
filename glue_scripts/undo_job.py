"""Glue job: take back what the current attempt of a batch has committed.

``--bucket NAME --batch_id ID [--lease_wait_seconds SECONDS] [--log_level LEVEL]``;
safe to run again.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse_spark.arguments import seconds
from lakehouse_spark.claim import hold_lease, this_holder
from lakehouse_spark.session import get_session
from lakehouse_spark.steps import job_log
from lakehouse_spark.storage import S3Storage
from lakehouse_spark.undo import undo_batch


@dataclass(frozen=True)
class Args:
    """What this job is told; what is undone comes from the batch's records."""

    bucket: str
    batch_id: str
    log_level: str
    lease_wait_seconds: float
    job_name: str | None
    glue_run_id: str | None


def parse_args(argv: Sequence[str]) -> Args:
    """Return our arguments, whatever others Glue adds."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--batch_id", required=True)
    parser.add_argument("--log_level", default="INFO")
    parser.add_argument("--lease_wait_seconds", type=seconds, default=300.0)
    parser.add_argument("--JOB_NAME", dest="job_name")
    parser.add_argument("--JOB_RUN_ID", dest="glue_run_id")
    return Args(**vars(parser.parse_known_args(argv)[0]))


def main(argv: Sequence[str]) -> None:
    """Undo the batch; an exception fails the Glue run with its last line as the message."""
    args = parse_args(argv)
    with job_log(args.log_level, args.batch_id):
        _run(args)


def _run(args: Args) -> None:
    storage = S3Storage(args.bucket)
    holder = this_holder(args.glue_run_id, args.job_name)
    with hold_lease(storage, holder, args.batch_id, args.lease_wait_seconds) as lease:
        undo_batch(get_session(), storage, args.batch_id, lease)


if __name__ == "__main__":
    main(sys.argv[1:])
