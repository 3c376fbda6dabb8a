"""Archive the classes of a Delta session, so that every JVM after this one is quick sooner.

``python -m local_stack.install.class_archive JARS``, in Glue's environment, with ``JAVA_HOME``
set. Java writes the archive as the session ends, which has done what jobs do. A JVM with other
jars, or another Java, passes over it: see "Class Data Sharing" in the manual of Java 17.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pyspark
from delta.tables import DeltaTable
from pyspark.sql import DataFrame, SparkSession, Window, WindowSpec
from pyspark.sql import functions as F

from local_aws.spark_defaults import ARCHIVE, OPTIONS, SPARK_JARS, reads_archive, spark_defaults

COLUMNS = "id int, at timestamp, amount decimal(9,2), text string, record string"
CSV_OPTIONS = {"header": "true", "multiLine": "true", "columnNameOfCorruptRecord": "record"}
CSV = "id,at,amount,text\n1,2025-04-01T08:00:00,1.50,a\n2,2025-04-02T08:00:00,2.50,b\n2,x,y\n"


def archive_classes(jars: Path) -> None:
    """Write the archive, and the link to Spark's jars that it depends on."""
    part = jars / f"{ARCHIVE}.part"
    part.unlink(missing_ok=True)
    link_spark_jars(jars)
    with TemporaryDirectory() as scratch:
        spark = start_session(jars, Path(scratch), f"-XX:ArchiveClassesAtExit={part}")
        do_what_jobs_do(spark, Path(scratch))
        java = spark.sparkContext._gateway.proc  # type: ignore[union-attr]
        spark.stop()
        # Java ends when nobody can ask it for anything any more, and writes the archive then.
        java.communicate()
    part.replace(jars / ARCHIVE)


def link_spark_jars(jars: Path) -> None:
    """Let Spark's jars be found beside ours, under a path that is the same for every session."""
    link = jars / SPARK_JARS
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(Path(pyspark.__file__).with_name("jars"))


def start_session(jars: Path, scratch: Path, writes_archive: str) -> SparkSession:
    """Return a session with the settings of a Glue run, but for an archive of classes."""
    settings = spark_defaults(jars, scratch)
    settings[OPTIONS] = settings[OPTIONS].replace(reads_archive(jars), writes_archive)
    builder = SparkSession.builder
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def do_what_jobs_do(spark: SparkSession, folder: Path) -> None:
    """Read CSV, compare the rows with each other, and write, merge and read a Delta table."""
    (folder / "rows.csv").write_text(CSV)
    table = str(folder / "table")
    rows_df = read_rows(spark, folder / "rows.csv")
    ranked_df = rows_df.withColumn("place", F.row_number().over(newest_first())).drop("place")
    ranked_df.write.format("delta").partitionBy("day").save(table)
    ranked_df.repartition("day").write.format("delta").mode("append").save(table)
    before_df = spark.read.format("delta").option("versionAsOf", 0).load(table)
    new_df = rows_df.join(before_df.where("id between 3 and 4"), on="id", how="left_anti").persist()
    new_df.join(before_df, on=["id"], how="left_semi").count()
    target = DeltaTable.forPath(spark, table).alias("target")
    merge = target.merge(ranked_df.dropDuplicates(["id"]).alias("source"), "source.id = target.id")
    merge.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()
    spark.read.format("delta").load(table).groupBy("day").agg(F.count("*"), F.min("id")).collect()


def read_rows(spark: SparkSession, file: Path) -> DataFrame:
    """Return the rows of a CSV file, with columns of many kinds, kept."""
    rows_df = spark.read.schema(COLUMNS).options(**CSV_OPTIONS).csv(str(file))
    reasons = F.array_compact(F.array(F.when(F.col("text").rlike("^[a-z]$"), F.lit("text"))))
    typed = {"day": F.to_date("at"), "reasons": reasons, "file": F.col("_metadata.file_path")}
    return rows_df.withColumns(typed).localCheckpoint(eager=False)


def newest_first() -> WindowSpec:
    """Return the order of the rows of one id."""
    return Window.partitionBy("id").orderBy(F.desc("at"))


if __name__ == "__main__":
    archive_classes(Path(sys.argv[1]).resolve())
