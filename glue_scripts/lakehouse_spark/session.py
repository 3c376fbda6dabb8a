"""The Spark session of every job: Glue's configuration and the settings our rules depend on."""

from py4j.java_gateway import java_import  # type: ignore[import-untyped]
from pyspark.sql import SparkSession

HEADER_CHECKER = "org.apache.spark.sql.catalyst.csv.CSVHeaderChecker"
# What PySpark names without a package for every column of a plan: without an import of the class
# itself every jar is searched each time, in one package after the other.
NAMED_CLASSES = ["org.apache.spark.sql.functions", "org.apache.spark.api.python.PythonUtils"]
SESSION_SETTINGS = {
    # A timestamp without an offset is UTC, and a day is a UTC day.
    "spark.sql.session.timeZone": "UTC",
    # A cast that fails is null, which a check then names; it is never an exception.
    "spark.sql.ansi.enabled": "false",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # With pruning on, a record of the wrong length is not noticed.
    "spark.sql.csv.parser.columnPruning.enabled": "false",
    # A raw record is a map by header text, and a header may repeat a name that no contract knows.
    "spark.sql.mapKeyDedupPolicy": "LAST_WIN",
    # A date before 1900 is odd but possible, and by default Spark refuses to write it.
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.parquet.int96RebaseModeInWrite": "CORRECTED",
    # With the list of files in each checksum Delta reads the log again after each commit.
    "spark.databricks.delta.allFilesInCrc.enabled": "false",
    # Read alike by all readers, and with statistics; the default, INT96, is neither.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}


def get_session() -> SparkSession:
    """Return the session, which is Glue's where there is one, with our settings in it."""
    session = SparkSession.builder.getOrCreate()
    configure(session)
    for name in NAMED_CLASSES:
        java_import(session._jvm, name)
    _quiet_header_check(session)
    return session


def configure(session: SparkSession) -> None:
    """Give a session the settings that our rules depend on."""
    for name, value in SESSION_SETTINGS.items():
        session.conf.set(name, value)


def _quiet_header_check(session: SparkSession) -> None:
    """Stop a warning for each file: we name its fields by place and map them to the header."""
    log4j = session._jvm.org.apache.logging.log4j  # type: ignore[union-attr]
    log4j.core.config.Configurator.setLevel(HEADER_CHECKER, log4j.Level.ERROR)
