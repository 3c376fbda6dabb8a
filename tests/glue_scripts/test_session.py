"""What our rules need of the session."""

from pathlib import Path

from lakehouse_spark.session import SESSION_SETTINGS, get_session
from pyspark.sql import SparkSession


def test_the_session_that_is_there_gets_our_settings(spark: SparkSession) -> None:
    spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    session = get_session()
    assert session.sparkContext is spark.sparkContext
    found = {name: session.conf.get(name) for name in SESSION_SETTINGS}
    assert found == SESSION_SETTINGS


def test_old_days_are_written_as_they_are(spark: SparkSession, tmp_path: Path) -> None:
    text = "1582-10-10 12:00:00"
    old_df = spark.sql(f"select timestamp '{text}' as moment, date '0001-01-01' as day")
    old_df.write.format("delta").save(f"{tmp_path}/old")
    found_df = spark.read.format("delta").load(f"{tmp_path}/old")
    [row] = found_df.selectExpr("string(moment)", "string(day)").collect()
    assert tuple(row) == (text, "0001-01-01")


def test_a_cast_that_fails_is_null(spark: SparkSession) -> None:
    [row] = spark.sql("select cast('x' as int), cast('2025-02-30' as date)").collect()
    assert tuple(row) == (None, None)
