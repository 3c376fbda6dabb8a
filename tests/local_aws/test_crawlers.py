"""Crawlers: from a Delta log to a table in the catalog."""

from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError

from tests.local_aws.aws import BUCKET, Aws, wait_for
from tests.local_aws.shop import ORDERS, REJECTED, crawl, write_table


def get_table(aws: Aws, database: str, name: str) -> dict[str, Any]:
    table: dict[str, Any] = aws.client("glue").get_table(DatabaseName=database, Name=name)["Table"]
    return table


def columns(fields: list[dict[str, str]]) -> dict[str, str]:
    return {field["Name"]: field["Type"] for field in fields}


def made_and_changed(aws: Aws, name: str) -> tuple[int, int]:
    """Return how many tables all crawls of the crawler created and updated."""
    answer = aws.client("glue").get_crawler_metrics(CrawlerNameList=[name])
    (line,) = answer["CrawlerMetricsList"]
    return line["TablesCreated"], line["TablesUpdated"]


def test_a_crawl_makes_a_native_delta_table_with_athena_types(aws: Aws) -> None:
    location = write_table(aws, "crawled/orders", ORDERS, partition_by=["order_date"])
    last = crawl(aws, "orders", "crawled", location)
    assert last["Status"] == "SUCCEEDED"
    table = get_table(aws, "crawled", "orders")
    assert columns(table["StorageDescriptor"]["Columns"]) == {
        "order_id": "bigint",
        "order_num": "int",
        "total_amount": "decimal(12,2)",
        "order_timestamp": "timestamp",
    }
    assert columns(table["PartitionKeys"]) == {"order_date": "date"}
    assert table["StorageDescriptor"]["Location"] == location
    assert table["TableType"] == "EXTERNAL_TABLE"
    assert table["Parameters"]["classification"] == "delta"
    assert table["Parameters"]["spark.sql.sources.provider"] == "delta"
    assert table["Parameters"]["UPDATED_BY_CRAWLER"] == "orders"


def test_nested_columns_have_athenas_types(aws: Aws) -> None:
    location = write_table(aws, "nested/rejected/", REJECTED)
    crawl(aws, "nested", "nested", location)
    found = columns(get_table(aws, "nested", "rejected")["StorageDescriptor"]["Columns"])
    assert found["reasons"] == "array<string>"
    assert found["raw_record"] == "map<string,string>"
    assert found["place"] == "struct<line:bigint,file:string>"


def test_a_second_crawl_updates_what_changed_and_nothing_else(aws: Aws) -> None:
    same = write_table(aws, "changing/same", REJECTED)
    grown = write_table(aws, "changing/grown", pa.table({"a": [1]}))
    crawl(aws, "changing", "changing", same, grown)
    assert made_and_changed(aws, "changing") == (2, 0)
    write_table(aws, "changing/grown", pa.table({"a": [2], "b": ["new"]}), merge_schema=True)
    crawl(aws, "changing", "changing")
    assert made_and_changed(aws, "changing") == (2, 1)
    table = get_table(aws, "changing", "grown")
    assert columns(table["StorageDescriptor"]["Columns"]) == {"a": "bigint", "b": "string"}


def test_a_bad_target_fails_the_crawl_by_name_and_the_good_ones_are_done(aws: Aws) -> None:
    good = write_table(aws, "mixed/good", ORDERS)
    bad = f"s3://{BUCKET}/mixed/bad"
    aws.put("mixed/bad/rows.parquet", b"no table's")
    last = crawl(aws, "mixed", "mixed", bad, good)
    assert last["Status"] == "FAILED"
    assert str(last["ErrorMessage"]) == f"{bad}: no Delta log there"
    assert get_table(aws, "mixed", "good")


def test_a_table_that_nobody_has_made_yet_is_no_error(aws: Aws) -> None:
    good = write_table(aws, "early/good", ORDERS)
    aws.put("early/not_yet_but_alike/rows.parquet", b"of another")
    last = crawl(aws, "early", "early", f"s3://{BUCKET}/early/not_yet", good)
    assert last["Status"] == "SUCCEEDED"
    tables = aws.client("glue").get_tables(DatabaseName="early")["TableList"]
    assert [table["Name"] for table in tables] == ["good"]


def test_an_unreadable_log_fails_the_crawl_by_name(aws: Aws) -> None:
    aws.put("broken/table/_delta_log/00000000000000000000.json", "{not json")
    last = crawl(aws, "broken", "broken", f"s3://{BUCKET}/broken/table")
    assert last["Status"] == "FAILED"
    assert f"s3://{BUCKET}/broken/table: " in str(last["ErrorMessage"])


def test_a_crawler_runs_once_at_a_time_and_can_be_stopped(aws: Aws) -> None:
    glue = aws.client("glue")
    many = [write_table(aws, f"many/t{n}", pa.table({"a": [n]})) for n in range(3)] * 40
    targets = {"DeltaTargets": [{"DeltaTables": many, "CreateNativeDeltaTable": True}]}
    glue.create_database(DatabaseInput={"Name": "many"})
    glue.create_crawler(Name="many", Role="glue", DatabaseName="many", Targets=targets)
    glue.start_crawler(Name="many")
    assert glue.get_crawler(Name="many")["Crawler"]["State"] == "RUNNING"
    with pytest.raises(glue.exceptions.CrawlerRunningException):
        glue.start_crawler(Name="many")
    with pytest.raises(glue.exceptions.CrawlerRunningException):
        glue.update_crawler(Name="many", Role="other")
    glue.stop_crawler(Name="many")
    wait_for(lambda: glue.get_crawler(Name="many")["Crawler"]["State"] == "READY")
    assert glue.get_crawler(Name="many")["Crawler"]["LastCrawl"]["Status"] == "CANCELLED"
    with pytest.raises(glue.exceptions.CrawlerNotRunningException):
        glue.stop_crawler(Name="many")


@pytest.mark.parametrize(
    ("targets", "more"),
    [
        pytest.param({"S3Targets": [{"Path": "s3://lake/raw"}]}, {}, id="S3 targets"),
        pytest.param({"DeltaTargets": [{"DeltaTables": ["s3://lake/a"]}]}, {}, id="not native"),
        pytest.param(
            {"DeltaTargets": [{"DeltaTables": ["s3://lake/a"], "CreateNativeDeltaTable": True}]},
            {"Schedule": "cron(0 1 * * ? *)"},
            id="a schedule",
        ),
    ],
)
def test_a_crawler_that_would_only_pretend_is_refused(
    aws: Aws, targets: dict[str, Any], more: dict[str, Any]
) -> None:
    with pytest.raises(ClientError, match="InvalidInputException"):
        aws.client("glue").create_crawler(
            Name="refused", Role="glue", DatabaseName="any", Targets=targets, **more
        )


def test_a_crawler_can_be_changed_and_deleted(aws: Aws) -> None:
    glue = aws.client("glue")
    location = write_table(aws, "edited/one", pa.table({"a": [1]}))
    crawl(aws, "edited", "edited", location)
    glue.update_crawler(Name="edited", Description="now with words")
    crawler = glue.get_crawler(Name="edited")["Crawler"]
    assert (crawler["Description"], crawler["Version"]) == ("now with words", 2)
    assert "edited" in [one["Name"] for one in glue.get_crawlers()["Crawlers"]]
    glue.delete_crawler(Name="edited")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_crawler(Name="edited")
