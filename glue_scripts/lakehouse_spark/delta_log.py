"""What a table's log says, read with Delta's own log classes.

The public interface for the same facts, ``DeltaTable.history`` and ``detail``, runs Spark jobs for
each table, which are seconds of a small load; here only the lists of files need one.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from py4j.java_gateway import JavaClass  # type: ignore[import-untyped]
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

Metadata = dict[str, Any]


@dataclass(frozen=True)
class TableState:
    """A table as of its last commit; `protocol` as the properties that ask for it."""

    version: int
    schema: StructType
    properties: Mapping[str, str]
    protocol: Mapping[str, str]


@dataclass(frozen=True)
class Commit:
    """One commit of a table; `metadata` is what we wrote into it, empty for one of others.

    `metrics` are Delta's own counts of what the commit did.
    """

    version: int
    operation: str
    metadata: Metadata
    metrics: Mapping[str, str]


@dataclass(frozen=True)
class AddedFile:
    """A data file that a commit added: its partition, as texts, and its columns' bounds, if told.

    The bounds are as JSON has them: numbers, and all else as texts.
    """

    partition: Mapping[str, str | None]
    low: Mapping[str, Any]
    high: Mapping[str, Any]


def table_state(spark: SparkSession, path: str) -> TableState | None:
    """Return the table's state, None where there is no table."""
    snapshot = _snapshot(spark, open_log(spark, path))
    version = int(snapshot.version())
    if version < 0:
        return None
    metadata = json.loads(snapshot.metadata().json())["metaData"]
    protocol = json.loads(snapshot.protocol().json())["protocol"]
    return TableState(
        version,
        StructType.fromJson(json.loads(metadata["schemaString"])),
        metadata["configuration"],
        {
            "delta.minReaderVersion": str(protocol["minReaderVersion"]),
            "delta.minWriterVersion": str(protocol["minWriterVersion"]),
        },
    )


def parse_schema(spark: SparkSession, schema: str) -> StructType:
    """Return the columns of a schema such as ``id bigint, name string``."""
    struct_type = java_class(spark, "org.apache.spark.sql.types.StructType")
    return StructType.fromJson(json.loads(struct_type.fromDDL(schema).json()))


def current_version(spark: SparkSession, path: str) -> int:
    """Return the number of the table's last commit."""
    return int(_snapshot(spark, open_log(spark, path)).version())


def read_commits(spark: SparkSession, path: str, above: int) -> Iterator[Commit]:
    """Yield the commits after version `above`, newest first."""
    log = open_log(spark, path)
    conf = log.newDeltaHadoopConf()
    for version in range(int(_snapshot(spark, log).version()), above, -1):
        yield _commit(version, _lines(spark, log, conf, version).head())


def added_files(spark: SparkSession, path: str, above: int, last: int) -> list[AddedFile]:
    """Return the data files that the commits after version `above`, up to `last`, added."""
    log = open_log(spark, path)
    conf, versions = log.newDeltaHadoopConf(), range(above + 1, last + 1)
    texts = (_lines(spark, log, conf, each).mkString("\n") for each in versions)
    actions = [json.loads(line) for text in texts for line in text.split("\n")]
    return [_added_file(action["add"]) for action in actions if "add" in action]


def _lines(spark: SparkSession, log: Any, conf: Any, version: int) -> Any:
    """Return the lines of a commit, one action each."""
    file = java_class(spark, "org.apache.hadoop.fs.Path")(log.logPath(), commit_file(version))
    return log.store().read(file, conf)


def _added_file(action: Metadata) -> AddedFile:
    stats = json.loads(action.get("stats") or "{}")
    bounds = stats.get("minValues", {}), stats.get("maxValues", {})
    return AddedFile(action["partitionValues"], *bounds)


def removed_files(spark: SparkSession, path: str) -> DataFrame:
    """Return ``path`` and ``deletionTimestamp``, in milliseconds, of what the table has removed.

    Older versions read these files; Delta forgets them after deletedFileRetentionDuration.
    """
    files = _snapshot(spark, open_log(spark, path)).tombstones().toDF()
    return DataFrame(files, spark).select("path", "deletionTimestamp")


def has_file(spark: SparkSession, path: str, file: str) -> bool:
    """Return whether a file that the table's log names is there."""
    operations = java_class(spark, "org.apache.spark.sql.delta.util.DeltaFileOperations")
    return _written_at(spark, path, operations.absolutePath(path, file)) is not None


def log_file_written_at(spark: SparkSession, path: str, name: str) -> datetime | None:
    """Return when a file of the table's log was written, None where there is none."""
    log_path = open_log(spark, path).logPath()
    return _written_at(spark, path, java_class(spark, "org.apache.hadoop.fs.Path")(log_path, name))


def commit_file(version: int) -> str:
    """Return the name of the log's file with the commit of a version."""
    return f"{version:020d}.json"


def oldest_version(spark: SparkSession, path: str) -> int:
    """Return the oldest version that the log can rebuild and has the commit of."""
    log = open_log(spark, path)
    manager = java_class(spark, "org.apache.spark.sql.delta.DeltaHistoryManager")
    oldest_commit = manager.getEarliestDeltaFile(log)
    return max(int(log.history().getEarliestRecreatableCommit()), int(oldest_commit))


def _commit(version: int, first_line: str) -> Commit:
    """Return what the first line of a commit says; Delta writes its commitInfo there."""
    info = json.loads(first_line).get("commitInfo", {})
    try:
        metadata = json.loads(info.get("userMetadata") or "{}")
    except ValueError:
        metadata = {}
    is_ours = isinstance(metadata, dict)
    metrics = info.get("operationMetrics") or {}
    return Commit(version, info.get("operation", ""), metadata if is_ours else {}, metrics)


def open_log(spark: SparkSession, path: str) -> Any:
    """Return Delta's own object for the log of a table."""
    # To read a checkpoint Delta asks the thread for its session, which a thread of ours lacks.
    sessions = java_class(spark, "org.apache.spark.sql.SparkSession")
    sessions.setActiveSession(spark._jsparkSession)
    logs = java_class(spark, "org.apache.spark.sql.delta.DeltaLog")
    return logs.forTable(spark._jsparkSession, path)


def _written_at(spark: SparkSession, path: str, file: Any) -> datetime | None:
    files = file.getFileSystem(open_log(spark, path).newDeltaHadoopConf())
    if not files.exists(file):
        return None
    return datetime.fromtimestamp(files.getFileStatus(file).getModificationTime() / 1000, UTC)


def _snapshot(spark: SparkSession, log: Any) -> Any:
    none = java_class(spark, "scala.Option").empty()
    return log.update(False, none, none)


def java_class(spark: SparkSession, name: str) -> Any:
    """Return a class by its whole name.

    Asked part by part, ``jvm.org.apache``, every jar is searched for a class ``org``, and so on.
    """
    return JavaClass(name, spark._jvm._gateway_client)  # type: ignore[union-attr]
