"""Glue job ``Delta-quality-job``: Soda's checks over the tables, and the report of a batch."""

import argparse
import logging
import sys
from dataclasses import dataclass
from pathlib import Path

from lakehouse_spark.batches import BatchRecords
from lakehouse_spark.check import check_batch
from lakehouse_spark.contract import read_contract
from lakehouse_spark.session import get_session
from lakehouse_spark.storage import S3Storage


@dataclass(frozen=True)
class Args:
    """The job's own arguments; Glue passes more, which are ignored."""

    bucket: str
    batch_id: str
    contract: str
    log_level: str


def parse_args(argv: list[str]) -> Args:
    """Return the arguments of one run."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--bucket", required=True)
    parser.add_argument("--batch_id", required=True)
    parser.add_argument("--contract", default="orders_lakehouse.odcs.yaml")
    parser.add_argument("--log_level", default="INFO")
    known, _ = parser.parse_known_args(argv)
    return Args(**vars(known))


def run(args: Args) -> None:
    """Check the batch with the checks files in the working directory, where Glue puts them."""
    check_batch(
        spark=get_session(),
        root=f"s3://{args.bucket}",
        records=BatchRecords(S3Storage(args.bucket), args.batch_id),
        contract=read_contract(args.contract),
        check_files=sorted(Path.cwd().glob("*.soda.yml")),
    )


if __name__ == "__main__":
    arguments = parse_args(sys.argv[1:])
    logging.basicConfig(
        level=arguments.log_level,
        format=f"%(asctime)s %(levelname)s batch={arguments.batch_id} %(message)s",
    )
    run(arguments)
