"""How far back a table can be read: what log clean-up and VACUUM have left of its history."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession

from lakehouse_spark.delta_log import (
    commit_file,
    has_file,
    log_file_written_at,
    oldest_version,
    removed_files,
)

PROMISED = timedelta(days=30)
LAST_VACUUM = "_last_vacuum_info"  # Delta writes it after each VACUUM, which on S3 commits nothing


def days_left(spark: SparkSession, path: str, now: datetime) -> float:
    """Return how many days back from `now` every version can be read, at most the 30 promised.

    A table that is younger has all 30, as long as nothing of it is lost.
    """
    promised = now - PROMISED
    log_begins, files_begin = log_since(spark, path), files_since(spark, path, promised)
    since = max(each for each in (promised, log_begins, files_begin) if each)
    return round((now - since) / timedelta(days=1), 2)


def log_since(spark: SparkSession, path: str) -> datetime | None:
    """Return when the oldest version that the log can rebuild was made, None for the first."""
    if log_file_written_at(spark, path, commit_file(0)):
        return None
    return log_file_written_at(spark, path, commit_file(oldest_version(spark, path)))


def files_since(spark: SparkSession, path: str, promised: datetime) -> datetime | None:
    """Return when the youngest file was removed from the table that a VACUUM has deleted by now.

    None where no removed file that Delta remembers is gone, or no VACUUM has run since `promised`;
    only after one this needs a Spark job. A VACUUM deletes what was removed first, so half of the
    rest can be ruled out with each file that is looked for.
    """
    vacuumed_at = log_file_written_at(spark, path, LAST_VACUUM)
    if vacuumed_at is None or vacuumed_at < promised:
        return None
    removed = removed_files(spark, path).orderBy("deletionTimestamp").collect()
    gone = bisect_left(removed, True, key=lambda row: has_file(spark, path, row["path"]))
    if not gone:
        return None
    return datetime.fromtimestamp(removed[gone - 1]["deletionTimestamp"] / 1000, UTC)
