"""The clients that the project has beside boto3: aiobotocore and Airflow's hooks."""

import asyncio
from typing import Any

import pytest

from local_aws.settings import client_environment
from tests.local_aws.aws import BUCKET, Aws


@pytest.fixture
def environment(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """Point every client at local AWS as Airflow's environment does."""
    for name, value in client_environment(aws.endpoint).items():
        monkeypatch.setenv(name, value)
    return aws


def test_aiobotocore_reads_and_writes(environment: Aws) -> None:
    from aiobotocore.session import get_session  # type: ignore[import-untyped]

    async def round_trip() -> tuple[bytes, list[str]]:
        async with get_session().create_client("s3") as s3:
            await s3.put_object(Bucket=BUCKET, Key="async", Body=b"content")
            answer = await s3.get_object(Bucket=BUCKET, Key="async")
            content = await answer["Body"].read()
        async with get_session().create_client("glue") as glue:
            jobs = await glue.list_jobs()
        return content, jobs["JobNames"]

    job = environment.create_job("asynchronous", "")
    content, jobs = asyncio.run(round_trip())
    assert content == b"content"
    assert job in jobs


def test_airflows_glue_hook_runs_a_job_and_reads_its_log(environment: Aws) -> None:
    from airflow.providers.amazon.aws.hooks.glue import GlueJobHook

    job = environment.create_job("hooked", "print('from the job')")
    hook = GlueJobHook(aws_conn_id=None, job_name=job, job_poll_interval=0.1)
    run_id = hook.initialize_job({"--batch_id": "b"})["JobRunId"]
    assert hook.job_completion(job, run_id)["JobRunState"] == "SUCCEEDED"
    events = hook.logs_hook.get_log_events("/aws-glue/jobs/output", run_id)
    assert [event["message"] for event in events] == ["from the job"]


def test_airflows_waiter_sees_a_failed_run(environment: Aws) -> None:
    from airflow.providers.amazon.aws.hooks.glue import GlueJobHook
    from botocore.exceptions import WaiterError

    job = environment.create_job("hooked_failure", "raise SystemExit(1)")
    waiter = GlueJobHook(aws_conn_id=None).get_waiter("job_complete")
    with pytest.raises(WaiterError, match="FAILED"):
        waiter.wait(
            JobName=job,
            RunId=environment.start_run(job),
            WaiterConfig={"Delay": 0.1, "MaxAttempts": 100},
        )


def test_airflows_crawler_hook_waits_for_a_crawl(environment: Aws) -> None:
    import pyarrow as pa
    from airflow.providers.amazon.aws.hooks.glue_crawler import GlueCrawlerHook

    from tests.local_aws.shop import write_table

    location = write_table(environment, "hooked/table", pa.table({"a": [1]}))
    hook = GlueCrawlerHook(aws_conn_id=None)  # type: ignore[no-untyped-call]
    hook.glue_client.create_database(DatabaseInput={"Name": "hooked"})
    targets: Any = {"DeltaTargets": [{"DeltaTables": [location], "CreateNativeDeltaTable": True}]}
    hook.create_crawler(Name="hooked", Role="glue", DatabaseName="hooked", Targets=targets)
    hook.start_crawler("hooked")
    assert hook.wait_for_crawler_completion("hooked", poll_interval=1) == "SUCCEEDED"


def test_airflows_athena_hook_runs_a_query_and_reads_its_answer(environment: Aws) -> None:
    from airflow.providers.amazon.aws.hooks.athena import AthenaHook

    hook = AthenaHook(aws_conn_id=None, log_query=False)
    place = {"OutputLocation": f"s3://{BUCKET}/athena_queries/"}
    query_id = hook.run_query("SELECT 1 AS one", {"Catalog": "AwsDataCatalog"}, place)
    assert hook.poll_query_status(query_id, sleep_time=1) == "SUCCEEDED"
    pages = hook.get_query_results_paginator(query_id)
    assert pages is not None
    rows = pages.build_full_result()["ResultSet"]["Rows"]
    assert rows == [{"Data": [{"VarCharValue": "one"}]}, {"Data": [{"VarCharValue": "1"}]}]
    assert hook.get_output_location(query_id).endswith(f"{query_id}.csv")
