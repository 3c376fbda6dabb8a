"""Which files of a table a query needs, asked of Delta's log once, in queries not compiled."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession

from lakehouse_spark.delta_log import java_class, open_log

# Delta's queries of its log are of a few rows, and many: to compile one takes longer than to
# interpret it, and to adapt it to sizes it has none of, too.
INTERPRETED = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
}


def read_log(spark: SparkSession, path: str, version: int) -> None:
    """Have Delta read the log up to a version, and keep it for the queries and commits to come."""
    log = open_log(spark, path)
    with _interpreted(spark):
        _snapshot_at(spark, log, version).transactions()


def rows_where(spark: SparkSession, path: str, version: int, condition: Column) -> DataFrame | None:
    """Return the rows that meet the condition at a version, None where no file can have such a row.

    By the bounds that the log has of each file. A query of the table would ask for them each time
    that it is planned.
    """
    log = open_log(spark, path)
    with _interpreted(spark):
        snapshot = _snapshot_at(spark, log, version)
        files = _files_where(spark, log, snapshot, condition)
    return None if files.isEmpty() else _rows_of(spark, log, snapshot, files).where(condition)


def _files_where(spark: SparkSession, log: Any, snapshot: Any, condition: Column) -> Any:
    """Return the files that may have rows that meet the condition."""
    sequences = java_class(spark, "org.apache.spark.api.python.PythonUtils")
    no_rows_df = _rows_of(spark, log, snapshot, sequences.toSeq([]))
    # Optimized, because Delta passes over files by plain values only, and a value may need a cast.
    resolved = no_rows_df.where(condition)._jdf.queryExecution().optimizedPlan().condition()
    return snapshot.filesForScan(sequences.toSeq([resolved]), False).files()


def _rows_of(spark: SparkSession, log: Any, snapshot: Any, files: Any) -> DataFrame:
    none = java_class(spark, "scala.Option").empty()
    return DataFrame(log.createDataFrame(snapshot, files, False, none), spark)


def _snapshot_at(spark: SparkSession, log: Any, version: int) -> Any:
    none = java_class(spark, "scala.Option").empty()
    return log.getSnapshotAt(version, none, none)


@contextmanager
def _interpreted(spark: SparkSession) -> Iterator[None]:
    """Have this thread's queries of Delta's own interpreted."""
    sessions = java_class(spark, "org.apache.spark.sql.SparkSession")
    sessions.setActiveSession(_interpreting_session(spark))
    try:
        yield
    finally:
        sessions.setActiveSession(spark._jsparkSession)


@cache
def _interpreting_session(spark: SparkSession) -> Any:
    session = spark._jsparkSession.newSession()
    for name, value in INTERPRETED.items():
        session.conf().set(name, value)
    return session
