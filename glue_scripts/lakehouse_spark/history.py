"""What a table's history says of the batches, and how a commit is made known in it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice

from pyspark.sql import SparkSession

from lakehouse_spark.delta_log import Commit, Metadata, read_commits

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
TRANSACTION = "spark.databricks.delta.write.txnAppId"
TRANSACTION_VERSION = "spark.databricks.delta.write.txnVersion"


class HistoryError(RuntimeError):
    """A table's history is not what the batch's records lead us to expect."""


def recent_commits(spark: SparkSession, path: str, count: int) -> list[Commit]:
    """Return the last commits, newest first."""
    return list(islice(read_commits(spark, path, above=-1), count))


def commits_above(spark: SparkSession, path: str, version: int) -> list[Commit]:
    """Return the commits after `version`, newest first."""
    return list(read_commits(spark, path, above=version))


def written_rows(commit: Commit) -> int:
    """Return how many rows a WRITE or MERGE added or replaced, as Delta counted them."""
    merged = ["numTargetRowsInserted", "numTargetRowsUpdated"]
    names = ["numOutputRows"] if commit.operation == "WRITE" else merged
    return sum(int(commit.metrics.get(name, 0)) for name in names)


@contextmanager
def commit_metadata(spark: SparkSession, metadata: Metadata) -> Iterator[None]:
    """Write `metadata` into every commit that is made inside."""
    with _setting(spark, USER_METADATA, json.dumps(metadata)):
        yield


@contextmanager
def transaction(spark: SparkSession, app_id: str, metadata: Metadata) -> Iterator[None]:
    """Make one commit inside, once and for all: where `app_id` has committed, Delta skips it.

    The settings are the session's, so nothing else may be written meanwhile.
    """
    with ExitStack() as settings:
        settings.enter_context(_setting(spark, TRANSACTION, app_id))
        settings.enter_context(_setting(spark, TRANSACTION_VERSION, "1"))
        settings.enter_context(commit_metadata(spark, metadata))
        yield


@contextmanager
def _setting(spark: SparkSession, name: str, value: str) -> Iterator[None]:
    spark.conf.set(name, value)
    try:
        yield
    finally:
        spark.conf.unset(name)
