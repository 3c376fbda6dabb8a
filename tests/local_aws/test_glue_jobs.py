"""Glue job definitions: kept, changed, and refused where a run could not honour them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.aws import Aws

COMMAND = {"Name": "glueetl", "ScriptLocation": "s3://lake/scripts/any.py"}


def test_a_job_is_given_back_as_it_was_created_with_glues_defaults(aws: Aws) -> None:
    glue = aws.client("glue")
    glue.create_job(Name="given", Role="glue", Command=COMMAND, Timeout=7, Tags={"team": "data"})
    job = glue.get_job(JobName="given")["Job"]
    assert (job["Timeout"], job["MaxRetries"]) == (7, 0)
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    arn = "arn:aws:glue:us-east-1:123456789012:job/given"
    assert glue.get_tags(ResourceArn=arn)["Tags"] == {"team": "data"}


def test_an_update_replaces_the_whole_definition(aws: Aws) -> None:
    glue = aws.client("glue")
    created = {"DefaultArguments": {"--a": "1"}, "Timeout": 7}
    glue.create_job(Name="updated", Role="glue", Command=COMMAND, **created)
    glue.update_job(JobName="updated", JobUpdate={"Role": "other", "Command": COMMAND})
    job = glue.get_job(JobName="updated")["Job"]
    assert job["Role"] == "other"
    assert "DefaultArguments" not in job
    assert job["Timeout"] != 7


def test_a_deleted_job_is_gone(aws: Aws) -> None:
    glue = aws.client("glue")
    glue.create_job(Name="deleted", Role="glue", Command=COMMAND)
    assert "deleted" in glue.list_jobs()["JobNames"]
    glue.delete_job(JobName="deleted")
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_job(JobName="deleted")


def test_jobs_are_listed_in_pages(aws: Aws) -> None:
    glue = aws.client("glue")
    for number in range(3):
        glue.create_job(Name=f"listed_{number}", Role="glue", Command=COMMAND)
    pages = list(glue.get_paginator("get_jobs").paginate(PaginationConfig={"PageSize": 2}))
    names = [job["Name"] for page in pages for job in page["Jobs"]]
    assert len(pages) > 1
    assert len(names) == len(set(names))
    assert {"listed_0", "listed_1", "listed_2"} <= set(names)


def test_a_name_is_taken_once(aws: Aws) -> None:
    glue = aws.client("glue")
    glue.create_job(Name="twice", Role="glue", Command=COMMAND)
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_job(Name="twice", Role="glue", Command=COMMAND)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        pytest.param("MaxRetries", 2, id="retries"),
        pytest.param("JobRunQueuingEnabled", True, id="queued runs"),
        pytest.param("Command", {**COMMAND, "Name": "pythonshell"}, id="a Python shell"),
        pytest.param("Command", {"Name": "glueetl", "ScriptLocation": "/a.py"}, id="a local file"),
        pytest.param("DefaultArguments", {"--extra-jars": "s3://a/b.jar"}, id="more jars"),
        pytest.param("DefaultArguments", {"--datalake-formats": "hudi"}, id="another format"),
    ],
)
def test_what_a_run_could_not_honour_is_refused(aws: Aws, setting: str, value: Any) -> None:
    definition = {"Name": "refused", "Role": "glue", "Command": COMMAND, setting: value}
    with pytest.raises(ClientError, match="InvalidInputException"):
        aws.client("glue").create_job(**definition)


def test_a_run_with_an_argument_that_would_do_nothing_is_refused(aws: Aws) -> None:
    job = aws.create_job("modules", "")
    with pytest.raises(ClientError, match="--additional-python-modules does nothing"):
        aws.start_run(job, Arguments={"--additional-python-modules": "soda"})
