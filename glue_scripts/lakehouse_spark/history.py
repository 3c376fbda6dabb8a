"""What a table's history says of the batches, and how a commit is made known in it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from delta.tables import DeltaTable
from pyspark.sql import Row, SparkSession

USER_METADATA = "spark.databricks.delta.commitInfo.userMetadata"
TRANSACTION = "spark.databricks.delta.write.txnAppId"
TRANSACTION_VERSION = "spark.databricks.delta.write.txnVersion"

Metadata = dict[str, Any]


class HistoryError(RuntimeError):
    """A table's history is not what the batch's records lead us to expect."""


@dataclass(frozen=True)
class Commit:
    """One commit of a table; `metadata` is what we wrote into it, empty for one of others.

    `metrics` are Delta's own counts of what the commit did.
    """

    version: int
    operation: str
    metadata: Metadata
    metrics: Mapping[str, str]


def current_version(spark: SparkSession, path: str) -> int:
    """Return the number of the table's last commit."""
    return recent_commits(spark, path, 1)[0].version


def recent_commits(spark: SparkSession, path: str, count: int) -> list[Commit]:
    """Return the last commits, newest first."""
    history_df = DeltaTable.forPath(spark, path).history(count)
    columns = ["version", "operation", "userMetadata", "operationMetrics"]
    return [_commit(row) for row in history_df.select(*columns).collect()]


def commits_above(spark: SparkSession, path: str, version: int) -> list[Commit]:
    """Return the commits after `version`, newest first."""
    latest = recent_commits(spark, path, 1)
    count = latest[0].version - version
    return latest[:count] if count <= 1 else recent_commits(spark, path, count)


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


def _commit(row: Row) -> Commit:
    try:
        metadata = json.loads(row["userMetadata"] or "{}")
    except ValueError:
        metadata = {}
    is_ours = isinstance(metadata, dict)
    metrics = row["operationMetrics"] or {}
    return Commit(row["version"], row["operation"], metadata if is_ours else {}, metrics)
