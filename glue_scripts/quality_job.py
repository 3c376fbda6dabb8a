"""Glue job: Soda's checks over the tables, and the quality report of a batch.

``--bucket NAME --batch_id ID [--contract FILE] [--log_level LEVEL]``; safe to run again.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lakehouse_spark.check import check_batch
from lakehouse_spark.contract import read_contract
from lakehouse_spark.session import get_session
from lakehouse_spark.steps import start_log
from lakehouse_spark.storage import S3Storage


@dataclass(frozen=True)
class Args:
    """What this job is told; the checks are the ``*.soda.yml`` in its working directory."""

    bucket: str
    batch_id: str
    contract: str
    log_level: str


def parse_args(argv: Sequence[str]) -> Args:
    """Return our arguments, whatever others Glue adds."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--batch_id", required=True)
    parser.add_argument("--contract", default="orders_lakehouse.odcs.yaml")
    parser.add_argument("--log_level", default="INFO")
    return Args(**vars(parser.parse_known_args(argv)[0]))


def main(argv: Sequence[str]) -> None:
    """Check the batch; an exception fails the Glue run with its last line as the message."""
    args = parse_args(argv)
    start_log(args.log_level)
    contract = read_contract(args.contract)
    check_files = sorted(Path.cwd().glob("*.soda.yml"))
    check_batch(get_session(), contract, S3Storage(args.bucket), args.batch_id, check_files)


if __name__ == "__main__":
    main(sys.argv[1:])
