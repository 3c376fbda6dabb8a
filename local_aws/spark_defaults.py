"""What Glue sets for every Spark session, for one machine: Delta, S3A to local AWS, a quick JVM."""

from pathlib import Path

DELTA = "io.delta:delta-spark_2.12:3.3.2"
HADOOP_AWS = "org.apache.hadoop:hadoop-aws:3.3.4"
AWS_SDK = "com.amazonaws:aws-java-sdk-{}:1.12.262"
# S3A loads a class of the dynamodb part; the bundle that hadoop-aws asks for is 280 MB of all else.
PACKAGES = [DELTA, HADOOP_AWS, *(AWS_SDK.format(part) for part in ("s3", "sts", "dynamodb"))]
# The bundle, and what Spark ships newer: these jars come before Spark's own on the class path.
EXCLUDES = [
    "com.amazonaws:aws-java-sdk-bundle",
    "com.fasterxml.jackson.core:jackson-annotations",
    "com.fasterxml.jackson.core:jackson-core",
    "com.fasterxml.jackson.core:jackson-databind",
    "com.fasterxml.jackson.dataformat:jackson-dataformat-cbor",
    "commons-codec:commons-codec",
    "commons-logging:commons-logging",
    "joda-time:joda-time",
    "org.antlr:antlr4-runtime",
    "org.apache.httpcomponents:httpclient",
    "org.apache.httpcomponents:httpcore",
    "org.wildfly.openssl:wildfly-openssl",
    "software.amazon.ion:ion-java",
]

DELTA_CONF = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}

# Under the folder of the jars: a link to Spark's own, and the archive of the classes of both.
SPARK_JARS, ARCHIVE = "archive/spark", "archive/classes.jsa"
OPTIONS = "spark.driver.extraJavaOptions"


def spark_defaults(jars: Path, scratch: Path, cores: int = 2) -> dict[str, str]:
    """Return the settings of a local Delta session: jar folder, scratch folder, JVM flags."""
    return {
        **DELTA_CONF,
        "spark.master": f"local[{cores}]",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "2g",
        # Spark's own jars too, though it adds them: Java archives no class behind a folder's.
        "spark.driver.extraClassPath": f"{jars}/*:{jars}/{SPARK_JARS}/*",
        OPTIONS: " ".join(java_options(jars, scratch)),
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.sql.shuffle.partitions": str(cores),
        # VACUUM lists a table's folders in so many tasks, by default 10,000.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(cores),
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def java_options(jars: Path, scratch: Path) -> list[str]:
    """Return what lets a JVM be quick that lasts seconds."""
    return [
        # The first tier of the JIT alone: compiling would be most of the time.
        "-XX:TieredStopAtLevel=1",
        # The plainest collector: others take memory and cores, to make pauses short.
        "-XX:+UseSerialGC",
        # Without the archive, or with one of other jars, classes are loaded as ever.
        reads_archive(jars),
        "-Xlog:cds*=off",
        f"-Dderby.system.home={scratch}",
    ]


def reads_archive(jars: Path) -> str:
    """Return the option that names the archive of classes."""
    return f"-XX:SharedArchiveFile={jars}/{ARCHIVE}"


def s3a_defaults(endpoint: str) -> dict[str, str]:
    """Return the settings that send ``s3://`` paths to the S3 at `endpoint`."""
    return {
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.endpoint": endpoint,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.delta.logStore.s3.impl": "io.delta.storage.S3SingleDriverLogStore",
    }
