"""A Spark session as the jobs get it, for the tests and for the processes that they start."""

from collections.abc import Mapping
from pathlib import Path

from lakehouse_spark.session import get_session
from pyspark.sql import SparkSession

from local_aws.spark_defaults import spark_defaults
from tests.spark_settings import INTERPRETED, JARS

PROJECT = Path(__file__).parents[2]
CONTRACT = PROJECT / "include/contracts/orders_lakehouse.odcs.yaml"


def start_session(scratch: Path, more: Mapping[str, str] | None = None) -> SparkSession:
    """Return a session with Delta, its temporary files in `scratch`, and `more` settings."""
    builder = SparkSession.builder.appName("proof")
    settings = spark_defaults(JARS, scratch) | INTERPRETED
    for name, value in (settings | dict(more or {})).items():
        builder = builder.config(name, value)
    builder.getOrCreate().sparkContext.setLogLevel("ERROR")
    return get_session()
