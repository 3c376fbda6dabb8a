"""The settings of the Spark session that a lane of tests shares."""

from pathlib import Path

from local_aws.spark_defaults import spark_defaults

JARS = Path(__file__).parents[1] / ".local/jars"
# Interpreted: with a few rows in each query, compiling the queries would be most of the time.
INTERPRETED = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
OPTIONS = "spark.driver.extraJavaOptions"


def settings_of_tests(scratch: Path) -> dict[str, str]:
    """Return what a job's session has, for one that goes on for minutes: with all of the JIT."""
    settings = spark_defaults(JARS, scratch) | INTERPRETED
    options = settings[OPTIONS].replace("-XX:TieredStopAtLevel=1", "")
    return settings | {OPTIONS: options.strip()}
