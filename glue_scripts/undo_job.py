"""Glue job: take back what the current attempt of a batch has committed.

``--bucket NAME --batch_id ID [--log_level LEVEL]``; safe to run again.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from lakehouse_spark.session import get_session
from lakehouse_spark.steps import start_log
from lakehouse_spark.storage import S3Storage
from lakehouse_spark.undo import undo_batch


@dataclass(frozen=True)
class Args:
    """What this job is told; what is undone comes from the batch's records."""

    bucket: str
    batch_id: str
    log_level: str


def parse_args(argv: Sequence[str]) -> Args:
    """Return our arguments, whatever others Glue adds."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--batch_id", required=True)
    parser.add_argument("--log_level", default="INFO")
    return Args(**vars(parser.parse_known_args(argv)[0]))


def main(argv: Sequence[str]) -> None:
    """Undo the batch; an exception fails the Glue run with its last line as the message."""
    args = parse_args(argv)
    start_log(args.log_level)
    undo_batch(get_session(), S3Storage(args.bucket), args.batch_id)


if __name__ == "__main__":
    main(sys.argv[1:])
