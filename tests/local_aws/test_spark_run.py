"""A Glue run with a real Spark session, from its script to an Athena query over what it wrote."""

from local_aws.provision_glue import DELTA_CHAIN
from tests.local_aws.aws import BUCKET, Aws
from tests.local_aws.shop import crawl

TABLE = f"s3://{BUCKET}/spark/numbers"
SCRIPT = f"""
from pyspark.sql import SparkSession

spark = SparkSession.builder.getOrCreate()
numbers = spark.range(3).selectExpr("id", "id % 2 as remainder")
numbers.write.format("delta").partitionBy("remainder").save("{TABLE}")
print("read back:", spark.read.format("delta").load("{TABLE}").count())
"""
ARGUMENTS = {"--datalake-formats": "delta", "--conf": DELTA_CHAIN}


def test_spark_writes_delta_to_local_s3_and_athena_reads_it(aws: Aws) -> None:
    job = aws.create_job("spark", SCRIPT, DefaultArguments=ARGUMENTS)
    run = aws.wait_for_run(job, aws.start_run(job))
    assert run["JobRunState"] == "SUCCEEDED", run.get("ErrorMessage")
    assert aws.log_lines("output", run["Id"]) == ["read back: 3"]
    assert not (aws.home / "glue_runs" / run["Id"] / "scratch").exists()
    assert crawl(aws, "spark", "spark", TABLE)["Status"] == "SUCCEEDED"
    rows = aws.rows("SELECT remainder, count(*) FROM numbers GROUP BY 1 ORDER BY 1", "spark")
    assert rows == [["0", "2"], ["1", "1"]]
