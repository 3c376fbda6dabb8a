"""State that is kept: what a client was told is still true after local AWS was killed."""

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from local_aws.crawler import Crawl, Crawler
from local_aws.crawlers import Crawlers
from local_aws.keeping import STATE_FILE
from local_aws.state_file import StateFile
from local_stack.paths import ROOT
from tests.local_aws.aws import BUCKET, Aws, running_aws

SLEEPING = "import time; time.sleep(600)"
LARGE = b"x" * 20_000_000
"""More than moto keeps in memory."""


@dataclass
class Told:
    """What clients did, and were told, before the kill."""

    aws: Aws
    answers: dict[str, Any] = field(default_factory=dict)

    def deliver(self) -> None:
        """Put two versions of one object, delete one object, and one version of another."""
        s3 = self.aws.client("s3")
        self.aws.put("without versions", "x")
        s3.delete_object(Bucket=BUCKET, Key="without versions")
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        first = s3.put_object(Bucket=BUCKET, Key="a b/c.csv", Body=b"one", Metadata={"by": "shop"})
        self.answers["first version"] = first["VersionId"]
        self.aws.put("a b/c.csv", "two")
        self.aws.put("large", LARGE)
        self.aws.put("deleted", "x")
        s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "deleted"}]})
        wrong = s3.put_object(Bucket=BUCKET, Key="taken back", Body=b"")["VersionId"]
        s3.delete_object(Bucket=BUCKET, Key="taken back", VersionId=wrong)
        self.answers["versions"] = list_versions(self.aws)

    def run_jobs(self) -> None:
        """Let one run end, and one be at work when it dies."""
        short = self.aws.create_job("short", "print('done')")
        self.answers["ended run"] = self.aws.wait_for_run(short, self.aws.start_run(short))
        long = self.aws.create_job("long", SLEEPING)
        self.answers["dead run"] = self.aws.start_run(long)
        self.aws.wait_for_run(long, self.answers["dead run"], "RUNNING")

    def fill_catalog(self) -> None:
        """Make a database, a table and a crawler."""
        glue = self.aws.client("glue")
        glue.create_database(DatabaseInput={"Name": "shop"})
        glue.create_table(DatabaseName="shop", TableInput={"Name": "t", "Parameters": {"a": "b"}})
        self.answers["table"] = glue.get_table(DatabaseName="shop", Name="t")["Table"]
        target = {"DeltaTables": [], "WriteManifest": False, "CreateNativeDeltaTable": True}
        targets = {"DeltaTargets": [target]}
        glue.create_crawler(Name="c", Role="glue", DatabaseName="shop", Targets=targets)

    def publish(self) -> None:
        """Send a message to a topic with a queue, and a metric."""
        sqs, sns = self.aws.client("sqs"), self.aws.client("sns")
        queue = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        asked = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        self.answers["topic"] = sns.create_topic(Name="news")["TopicArn"]
        arn = asked["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=self.answers["topic"], Protocol="sqs", Endpoint=arn)
        sns.publish(TopicArn=self.answers["topic"], Message="before")
        data = [{"MetricName": "Rows", "Value": 7.0}]
        self.aws.client("cloudwatch").put_metric_data(Namespace="shop", MetricData=data)


def list_versions(aws: Aws) -> dict[str, Any]:
    found = aws.client("s3").list_object_versions(Bucket=BUCKET)
    return {name: found[name] for name in ("Versions", "DeleteMarkers")}


def kill(aws: Aws) -> None:
    aws.process.kill()
    aws.process.wait()


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Return what a local AWS was told that is killed by now, with all that it ran."""
    home = tmp_path_factory.mktemp("kept") / "home"
    with running_aws(home, "--keep-state", "--project", str(ROOT)) as aws:
        told = Told(aws)
        told.run_jobs()
        told.fill_catalog()
        told.publish()
        told.deliver()
        os.killpg(aws.process_id(told.answers["dead run"]), signal.SIGSTOP)
        kill(aws)
        os.killpg(aws.process_id(told.answers["dead run"]), signal.SIGKILL)
        yield told


@pytest.fixture(scope="module")
def again(told: Told) -> Iterator[Aws]:
    """Return the local AWS that came after it, in the same folder."""
    with running_aws(told.aws.home, "--keep-state", "--project", str(ROOT)) as aws:
        yield aws


def test_every_version_is_listed_as_before(told: Told, again: Aws) -> None:
    assert list_versions(again) == told.answers["versions"]


def test_objects_have_their_bytes_and_metadata(told: Told, again: Aws) -> None:
    s3, key = again.client("s3"), "a b/c.csv"
    old = s3.get_object(Bucket=BUCKET, Key=key, VersionId=told.answers["first version"])

    assert (old["Body"].read(), old["Metadata"]) == (b"one", {"by": "shop"})
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"two"
    assert s3.get_object(Bucket=BUCKET, Key="large")["Body"].read() == LARGE


def test_the_bucket_still_keeps_versions(again: Aws) -> None:
    assert again.client("s3").get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"


def test_a_run_that_ended_stays_as_it_ended(told: Told, again: Aws) -> None:
    run = told.answers["ended run"]

    assert run["JobRunState"] == "SUCCEEDED"
    assert again.get_run("short", run["Id"]) == run


def test_a_run_whose_process_is_gone_has_failed_and_makes_way(told: Told, again: Aws) -> None:
    run = again.get_run("long", told.answers["dead run"])

    assert (run["JobRunState"], bool(run["ErrorMessage"])) == ("FAILED", True)
    assert run["CompletedOn"] >= run["StartedOn"]
    assert not (again.home / "glue_runs" / run["Id"] / "scratch").exists()
    next_run = again.start_run("long")
    again.client("glue").batch_stop_job_run(JobName="long", JobRunIds=[next_run])
    assert again.wait_for_run("long", next_run)["JobRunState"] == "STOPPED"


def test_the_catalog_is_there_and_the_crawler_crawls(told: Told, again: Aws) -> None:
    glue = again.client("glue")

    assert glue.get_table(DatabaseName="shop", Name="t")["Table"] == told.answers["table"]
    glue.start_crawler(Name="c")


def test_messages_wait_and_topics_still_lead_to_their_queue(told: Told, again: Aws) -> None:
    again.client("sns").publish(TopicArn=told.answers["topic"], Message="after")
    sqs = again.client("sqs")
    queue = sqs.get_queue_url(QueueName="inbox")["QueueUrl"]
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]

    assert {json.loads(each["Body"])["Message"] for each in found} == {"before", "after"}


def test_metrics_are_there(again: Aws) -> None:
    now = datetime.now(UTC)
    found = again.client("cloudwatch").get_metric_statistics(
        Namespace="shop",
        MetricName="Rows",
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Sum"],
    )

    assert [point["Sum"] for point in found["Datapoints"]] == [7.0]


def test_it_has_set_itself_up_when_it_is_ready(again: Aws) -> None:
    assert requests.get(f"{again.endpoint}/_local_aws/ready", timeout=5).status_code == 200
    assert again.client("glue").get_job(JobName="Delta-lake-job")["Job"]


def test_what_came_after_the_first_kill_is_there_after_a_second(told: Told, again: Aws) -> None:
    """The last test of these: it takes local AWS away."""
    again.put("a b/c.csv", "three")
    kill(again)
    with running_aws(again.home, "--keep-state") as third:
        body = third.client("s3").get_object(Bucket=BUCKET, Key="a b/c.csv")["Body"]
        assert body.read() == b"three"


def test_a_crawl_that_was_going_on_has_failed() -> None:
    nothing: Any = (None, {}, None)
    crawler = Crawler({"Name": "c"}, *nothing)
    crawler.crawls.append(Crawl())
    again = Crawlers(*nothing)
    again.restore([crawler.kept()])

    assert again.get("c").as_dict()["State"] == "READY"
    assert again.get("c").as_dict()["LastCrawl"]["Status"] == "FAILED"


def test_state_of_another_version_is_refused_with_what_to_do(tmp_path: Path) -> None:
    StateFile(tmp_path / STATE_FILE).require_form("moto 1.0")

    with pytest.raises(SystemExit, match=r"moto 1\.0.*--volumes"):
        StateFile(tmp_path / STATE_FILE).require_form("moto 2.0")


def test_all_of_a_change_is_written_or_nothing(tmp_path: Path) -> None:
    file = StateFile(tmp_path / STATE_FILE)
    file.put({"a": b"1"})
    with pytest.raises(sqlite3.Error):
        file.put({"a": None, "b": object()})  # type: ignore[dict-item]

    with closing(sqlite3.connect(tmp_path / STATE_FILE)) as database:
        assert database.execute("SELECT name FROM state").fetchall() == [("a",)]
