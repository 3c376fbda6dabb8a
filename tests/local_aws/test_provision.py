"""The set-up from the project's deploy facts."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from local_aws.provision import INBOX, provision
from local_stack.paths import ROOT
from tests.local_aws.aws import Aws

FACTS = yaml.safe_load((ROOT / "infra/lakehouse.yaml").read_text())
BUCKET = FACTS["bucket"]
LOAD = FACTS["glue_jobs"]["load"]


@pytest.fixture(scope="module")
def account(aws: Aws) -> Aws:
    """Return local AWS, set up."""
    provision(ROOT, aws.endpoint)
    return aws


def test_the_bucket_keeps_versions_and_is_closed(account: Aws) -> None:
    s3 = account.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())


def test_each_job_is_made_from_the_deploy_facts(account: Aws) -> None:
    job = account.client("glue").get_job(JobName=LOAD["name"])["Job"]
    assert job["Command"]["Name"] == "glueetl"
    script = f"s3://{BUCKET}/{FACTS['prefixes']['glue_assets']}{LOAD['script']}"
    assert job["Command"]["ScriptLocation"] == script
    assert (job["WorkerType"], job["NumberOfWorkers"]) == (LOAD["worker_type"], LOAD["workers"])
    assert (job["Timeout"], job["MaxRetries"]) == (LOAD["timeout_minutes"], 0)
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert job["GlueVersion"] == FACTS["glue"]["version"]
    assert job["Role"].endswith(f"role/{FACTS['glue']['role']}")
    assert job["DefaultArguments"]["--datalake-formats"] == "delta"
    assert job["DefaultArguments"]["--bucket"] == BUCKET
    names = account.client("glue").list_jobs()["JobNames"]
    assert {one["name"] for one in FACTS["glue_jobs"].values()} <= set(names)


def test_every_file_that_a_job_names_is_there(account: Aws) -> None:
    job = account.client("glue").get_job(JobName=LOAD["name"])["Job"]
    arguments = job["DefaultArguments"]
    named = [
        job["Command"]["ScriptLocation"],
        arguments["--extra-py-files"],
        *arguments["--extra-files"].split(","),
    ]
    assert any(name.endswith("orders_lakehouse.odcs.yaml") for name in named)
    assert any(name.endswith(".soda.yml") for name in named)
    for name in named:
        key = name.removeprefix(f"s3://{BUCKET}/")
        assert account.client("s3").head_object(Bucket=BUCKET, Key=key)["ContentLength"]


def test_the_crawler_reads_every_delta_table(account: Aws) -> None:
    crawler = account.client("glue").get_crawler(Name=FACTS["crawler"]["name"])["Crawler"]
    (target,) = crawler["Targets"]["DeltaTargets"]
    assert target["CreateNativeDeltaTable"] is True
    assert set(target["DeltaTables"]) == {
        f"s3://{BUCKET}/processed/products",
        f"s3://{BUCKET}/processed/orders",
        f"s3://{BUCKET}/processed/order_items",
        f"s3://{BUCKET}/rejected",
        f"s3://{BUCKET}/quality_results",
    }
    assert crawler["DatabaseName"] == FACTS["crawler"]["database"]


def test_the_rejects_of_refused_batches_are_a_table_that_is_told_the_batch(account: Aws) -> None:
    provision(ROOT, account.endpoint)
    database = FACTS["crawler"]["database"]
    table = account.client("glue").get_table(DatabaseName=database, Name="batch_rejects")["Table"]
    assert [key["Name"] for key in table["PartitionKeys"]] == ["batch_id"]
    assert "batch_id" not in [column["Name"] for column in table["StorageDescriptor"]["Columns"]]
    assert (
        table["Parameters"].items()
        >= {
            "projection.enabled": "true",
            "projection.batch_id.type": "injected",
            "storage.location.template": f"s3://{BUCKET}/batches/${{batch_id}}/rejects/",
        }.items()
    )


def test_alerts_of_every_topic_arrive_once_in_the_inbox(account: Aws) -> None:
    provision(ROOT, account.endpoint)
    sns, sqs = account.client("sns"), account.client("sqs")
    for name in FACTS["sns_topics"].values():
        topic = sns.create_topic(Name=name)["TopicArn"]
        sns.publish(TopicArn=topic, Subject=f"about {name}", Message="text")
    queue = sqs.get_queue_url(QueueName=INBOX)["QueueUrl"]
    messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    subjects = [json.loads(message["Body"])["Subject"] for message in messages]
    assert sorted(subjects) == sorted(f"about {name}" for name in FACTS["sns_topics"].values())


def test_a_second_set_up_brings_jobs_up_to_date_and_leaves_data_alone(
    account: Aws, tmp_path: Path
) -> None:
    for folder in ("infra", "include", "glue_scripts"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    changed = {**FACTS, "glue_jobs": {"load": {**LOAD, "workers": 3, "name": "changed-job"}}}
    for workers in (3, 4):
        changed["glue_jobs"]["load"]["workers"] = workers
        (tmp_path / "infra/lakehouse.yaml").write_text(yaml.safe_dump(changed))
        provision(tmp_path, account.endpoint)
        account.client("s3").put_object(Bucket=BUCKET, Key="processed/row", Body=b"kept")
    assert account.client("glue").get_job(JobName="changed-job")["Job"]["NumberOfWorkers"] == 4
    provision(tmp_path, account.endpoint)
    versions = account.client("s3").list_object_versions(Bucket=BUCKET, Prefix="processed/row")
    assert len(versions["Versions"]) == 2
    assert "DeleteMarkers" not in versions
