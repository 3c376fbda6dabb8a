"""Glue runs: what a script gets, what becomes of its exit, its output."""

import json
import os
import signal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.aws import BUCKET, MISLEADING, Aws, is_alive, wait_for

SHOW = """
import json, os, sys
print(json.dumps({
    "argv": sys.argv[1:], "here": sorted(os.listdir(".")), "environment": dict(os.environ),
    "conf": open(os.environ["SPARK_CONF_DIR"] + "/spark-defaults.conf").read(),
}))
"""


def run_to_end(aws: Aws, job: str, **settings: Any) -> dict[str, Any]:
    return aws.wait_for_run(job, aws.start_run(job, **settings))


def shown(aws: Aws, job: str, **settings: Any) -> dict[str, Any]:
    """Return what the script of `job` saw, and its run's id."""
    run = run_to_end(aws, job, **settings)
    assert run["JobRunState"] == "SUCCEEDED", run
    (line,) = aws.log_lines("output", run["Id"])
    return {**json.loads(line), "run_id": run["Id"]}


def test_a_run_that_exits_well_succeeds_and_shows_its_times(aws: Aws) -> None:
    job = aws.create_job("well", "print('hello')")
    run = run_to_end(aws, job, Arguments={"--batch": "7"}, Timeout=90)
    assert run["JobRunState"] == "SUCCEEDED"
    assert run["StartedOn"] <= run["CompletedOn"]
    assert run["ExecutionTime"] >= 0
    assert run["Attempt"] == 0
    assert (run["JobName"], run["Timeout"]) == (job, 90)
    assert run["Arguments"] == {"--batch": "7"}
    assert (run["WorkerType"], run["NumberOfWorkers"]) == ("G.1X", 2)
    assert run["LogGroupName"] == "/aws-glue/jobs"
    assert "ErrorMessage" not in run


def test_arguments_of_the_run_overlay_those_of_the_job(aws: Aws) -> None:
    defaults = {"--bucket": "default", "--mode": "full"}
    job = aws.create_job("overlay", SHOW, DefaultArguments=defaults)
    seen = shown(aws, job, Arguments={"--mode": "day by day"})
    assert seen["argv"] == [
        *("--bucket", "default", "--mode", "day by day"),
        *("--JOB_NAME", job, "--JOB_RUN_ID", seen["run_id"]),
    ]


def test_extra_files_lie_in_the_folder_the_script_runs_in(aws: Aws) -> None:
    files = [aws.put("extra/one.yml", "one"), aws.put("extra/two.yml", "two")]
    job = aws.create_job("files", SHOW, DefaultArguments={"--extra-files": ",".join(files)})
    assert shown(aws, job)["here"] == ["one.yml", "two.yml"]


def test_extra_python_files_can_be_imported(aws: Aws) -> None:
    module = aws.put("extra/greeting.py", "WORD = 'hello'")
    script = "import greeting\nprint(greeting.WORD)"
    job = aws.create_job("imports", script, DefaultArguments={"--extra-py-files": module})
    run = run_to_end(aws, job)
    assert aws.log_lines("output", run["Id"]) == ["hello"]


def test_a_run_talks_to_this_aws_and_inherits_no_python(aws: Aws) -> None:
    seen = shown(aws, aws.create_job("environment", SHOW))["environment"]
    assert seen["AWS_ENDPOINT_URL"] == aws.endpoint
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "JAVA_HOME"} <= set(seen)
    assert seen["PYSPARK_PYTHON"].endswith(".venv-glue/bin/python")
    assert not set(MISLEADING) & set(seen)
    assert seen["PYTHONPATH"] == ""
    assert ".venv/bin" not in seen["PATH"]


def test_the_jobs_conf_and_delta_become_spark_defaults(aws: Aws) -> None:
    chain = "spark.sql.shuffle.partitions=7 --conf spark.some.text=a b"
    arguments = {"--datalake-formats": "delta", "--conf": chain}
    conf = shown(aws, aws.create_job("conf", SHOW, DefaultArguments=arguments))["conf"]
    lines = conf.splitlines()
    assert "spark.sql.shuffle.partitions 7" in lines
    assert "spark.some.text a b" in lines
    assert f"spark.hadoop.fs.s3a.endpoint {aws.endpoint}" in lines
    assert "spark.sql.extensions io.delta.sql.DeltaSparkSessionExtension" in lines


def test_without_delta_there_are_no_delta_settings(aws: Aws) -> None:
    conf = shown(aws, aws.create_job("no_delta", SHOW))["conf"]
    assert "spark.hadoop.fs.s3.impl" in conf
    assert "spark.sql.extensions" not in conf
    assert "spark.delta" not in conf


def test_a_run_that_raises_fails_with_the_last_line_of_the_exception(aws: Aws) -> None:
    job = aws.create_job("raises", "raise ValueError('no such batch')")
    run = run_to_end(aws, job)
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == "ValueError: no such batch"
    assert "ValueError: no such batch" in aws.log_lines("error", run["Id"])


def test_a_script_that_is_not_there_fails_the_run_and_names_it(aws: Aws) -> None:
    job = aws.create_job("gone", "")
    aws.client("s3").delete_object(Bucket=BUCKET, Key="scripts/gone.py")
    run = run_to_end(aws, job)
    assert run["JobRunState"] == "FAILED"
    assert f"s3://{BUCKET}/scripts/gone.py" in run["ErrorMessage"]


def test_a_killed_run_fails_with_the_name_of_the_signal(aws: Aws) -> None:
    job = aws.create_job("killed", "import time; print('up'); time.sleep(60)")
    run_id = aws.start_run(job)
    wait_for(lambda: aws.log_lines("output", run_id))
    os.kill(aws.process_id(run_id), signal.SIGKILL)
    run = aws.wait_for_run(job, run_id)
    assert run["JobRunState"] == "FAILED"
    assert "SIGKILL" in run["ErrorMessage"]


def test_output_is_in_the_log_while_the_run_goes_on(aws: Aws) -> None:
    job = aws.create_job("talks", "import time; print('first'); time.sleep(60)")
    run_id = aws.start_run(job)
    wait_for(lambda: aws.log_lines("output", run_id) == ["first"], 5)
    assert aws.get_run(job, run_id)["JobRunState"] == "RUNNING"
    assert (aws.home / "glue_runs" / run_id / "output.log").read_text() == "first\n"
    aws.client("glue").batch_stop_job_run(JobName=job, JobRunIds=[run_id])
    aws.wait_for_run(job, run_id)


def test_what_a_run_leaves_behind_is_ended_with_it(aws: Aws) -> None:
    script = "import subprocess; print(subprocess.Popen(['sleep', '60']).pid)"
    run = run_to_end(aws, aws.create_job("leaves", script))
    assert run["JobRunState"] == "SUCCEEDED"
    left_over = int(aws.log_lines("output", run["Id"])[0])
    assert not is_alive(left_over)


def test_runs_are_listed_newest_first_and_in_pages(aws: Aws) -> None:
    job = aws.create_job("pages", "", ExecutionProperty={"MaxConcurrentRuns": 3})
    started = [aws.start_run(job) for _ in range(3)]
    for run_id in started:
        aws.wait_for_run(job, run_id)
    pages = list(
        aws
        .client("glue")
        .get_paginator("get_job_runs")
        .paginate(JobName=job, PaginationConfig={"PageSize": 2})
    )
    assert [len(page["JobRuns"]) for page in pages] == [2, 1]
    assert [run["Id"] for page in pages for run in page["JobRuns"]] == started[::-1]


def test_an_unknown_run_is_not_found(aws: Aws) -> None:
    job = aws.create_job("known", "")
    with pytest.raises(ClientError, match="EntityNotFoundException"):
        aws.get_run(job, "jr_nobody")
