"""Spark sessions as the jobs get them, for tests and for the processes that tests start."""

from collections.abc import Mapping
from pathlib import Path

from lakehouse_spark.session import get_session
from lakehouse_spark.table_files import INTERPRETED
from pyspark.sql import SparkSession

from local_aws.spark_defaults import OPTIONS, spark_defaults
from local_stack.paths import JARS

# What a session remembers for the rest of its life, of thousands of tables and queries.
FORGETFUL = {
    "spark.databricks.delta.delta.log.cacheSize": "20",
    "spark.sql.ui.retainedExecutions": "10",
    "spark.ui.retainedJobs": "10",
    "spark.ui.retainedStages": "10",
    "spark.ui.retainedTasks": "100",
}


def brief_settings(scratch: Path) -> dict[str, str]:
    """Return what a job's session has, with its temporary files in `scratch`.

    All queries are interpreted, for what is true of Delta's own is true of those of a few rows.
    """
    return spark_defaults(JARS, scratch) | INTERPRETED


def lasting_settings(scratch: Path) -> dict[str, str]:
    """Return the same for a session that lasts: with all of the JIT, and a short memory."""
    settings = brief_settings(scratch)
    options = settings[OPTIONS].replace("-XX:TieredStopAtLevel=1", "")
    return settings | FORGETFUL | {OPTIONS: options.strip()}


def start_session(settings: Mapping[str, str]) -> SparkSession:
    """Return a session with Delta and these settings; it tells of errors alone."""
    builder = SparkSession.builder.appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    builder.getOrCreate().sparkContext.setLogLevel("ERROR")
    return get_session()
