"""What a table's history says of the batches, and how a commit is made known in it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from pyspark.sql import SparkSession

from lakehouse_spark.delta_log import Commit, Metadata, read_commits
from lakehouse_spark.session import configure

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"


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
    spark.conf.set(USER_METADATA, json.dumps(metadata))
    try:
        yield
    finally:
        spark.conf.unset(USER_METADATA)


@dataclass(frozen=True)
class Transaction:
    """One commit, made once and for all: where `app_id` has committed, Delta skips it."""

    app_id: str
    metadata: Metadata

    def options(self) -> dict[str, str]:
        """Return the options of a write that make it this commit."""
        metadata = json.dumps(self.metadata)
        return {"txnAppId": self.app_id, "txnVersion": "1", "userMetadata": metadata}

    def session(self, spark: SparkSession) -> SparkSession:
        """Return a session in which a MERGE, which takes no options, is this commit.

        A session of its own, because commits are made side by side.
        """
        session = spark.newSession()
        configure(session)
        session.conf.set("spark.databricks.delta.write.txnAppId", self.app_id)
        session.conf.set("spark.databricks.delta.write.txnVersion", "1")
        session.conf.set(USER_METADATA, json.dumps(self.metadata))
        return session
