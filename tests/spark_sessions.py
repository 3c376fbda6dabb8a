"""Spark sessions as the jobs get them, for tests and for the processes that tests start."""

from collections.abc import Mapping
from pathlib import Path

from lakehouse_spark.session import get_session
from pyspark.sql import SparkSession

from local_aws.spark_defaults import OPTIONS, spark_defaults
from local_stack.paths import JARS

# Interpreted: with a few rows in each query, compiling the queries would be most of the time.
INTERPRETED = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


def brief_settings(scratch: Path) -> dict[str, str]:
    """Return what a job's session has, with its temporary files in `scratch`."""
    return spark_defaults(JARS, scratch) | INTERPRETED


def lasting_settings(scratch: Path) -> dict[str, str]:
    """Return the same for a session that goes on for minutes: with all of the JIT."""
    settings = brief_settings(scratch)
    options = settings[OPTIONS].replace("-XX:TieredStopAtLevel=1", "")
    return settings | {OPTIONS: options.strip()}


def start_session(settings: Mapping[str, str]) -> SparkSession:
    """Return a session with Delta and these settings; it tells of errors alone."""
    builder = SparkSession.builder.appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    builder.getOrCreate().sparkContext.setLogLevel("ERROR")
    return get_session()
