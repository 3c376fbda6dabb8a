"""Glue runs that don't end by themselves: stopped, timed out, refused, ended with the server."""

import os
import signal
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.local_aws.aws import Aws, is_alive, running_aws, wait_for

WAITS = "import time; print('up'); time.sleep(60)"
WAITS_FOR_A_CHILD = """
import subprocess
child = subprocess.Popen(["sleep", "60"])
print(child.pid)
child.wait()
"""
WILL_NOT_GO = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up")
time.sleep(60)
"""


def start_and_hear(aws: Aws, job: str) -> tuple[str, str]:
    """Return the run's id and the first line it printed."""
    run_id = aws.start_run(job)
    return run_id, wait_for(lambda: aws.log_lines("output", run_id))[0]


def stop(aws: Aws, job: str, *run_ids: str) -> dict[str, list[dict[str, object]]]:
    answer: dict[str, list[dict[str, object]]] = aws.client("glue").batch_stop_job_run(
        JobName=job, JobRunIds=list(run_ids)
    )
    return answer


def test_a_stopped_run_is_stopped_with_all_its_processes(aws: Aws) -> None:
    job = aws.create_job("stop", WAITS_FOR_A_CHILD)
    run_id, child = start_and_hear(aws, job)
    answer = stop(aws, job, run_id)
    assert answer["SuccessfulSubmissions"] == [{"JobName": job, "JobRunId": run_id}]
    assert aws.wait_for_run(job, run_id)["JobRunState"] == "STOPPED"
    assert not is_alive(int(child))
    assert not is_alive(aws.process_id(run_id))


def test_a_run_that_will_not_go_is_stopping_and_then_killed(aws: Aws) -> None:
    job = aws.create_job("stubborn", WILL_NOT_GO)
    run_id, _ = start_and_hear(aws, job)
    stop(aws, job, run_id)
    assert aws.get_run(job, run_id)["JobRunState"] == "STOPPING"
    run = aws.wait_for_run(job, run_id)
    assert run["JobRunState"] == "STOPPED"
    assert "ErrorMessage" not in run
    assert not is_alive(aws.process_id(run_id))


def test_a_run_that_is_over_or_unknown_cannot_be_stopped(aws: Aws) -> None:
    job = aws.create_job("over", "")
    run_id = aws.start_run(job)
    aws.wait_for_run(job, run_id)
    answer = stop(aws, job, run_id, "jr_nobody")
    assert answer["SuccessfulSubmissions"] == []
    assert [error["JobRunId"] for error in answer["Errors"]] == [run_id, "jr_nobody"]
    assert aws.get_run(job, run_id)["JobRunState"] == "SUCCEEDED"


@pytest.mark.parametrize("of_the_run", [True, False], ids=["its own timeout", "its job's timeout"])
def test_a_run_that_takes_too_long_times_out(aws: Aws, of_the_run: bool) -> None:
    job = aws.create_job(f"slow_{of_the_run}", WAITS, Timeout=2880 if of_the_run else 1)
    run_id = aws.start_run(job, **({"Timeout": 1} if of_the_run else {}))
    run = aws.wait_for_run(job, run_id)
    assert run["JobRunState"] == "TIMEOUT"
    assert "1 minute" in run["ErrorMessage"]
    assert not is_alive(aws.process_id(run_id))


def test_one_run_too_many_is_refused(aws: Aws) -> None:
    job = aws.create_job("alone", WILL_NOT_GO)
    run_id, _ = start_and_hear(aws, job)
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        aws.start_run(job)
    stop(aws, job, run_id)
    with pytest.raises(ClientError, match="ConcurrentRunsExceededException"):
        aws.start_run(job)
    aws.wait_for_run(job, run_id)
    second, _ = start_and_hear(aws, job)
    stop(aws, job, second)
    aws.wait_for_run(job, second)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_the_server_ends_every_run_before_it_goes(number: signal.Signals, tmp_path: Path) -> None:
    with running_aws(tmp_path / "home") as aws:
        job = aws.create_job("orphan", WAITS_FOR_A_CHILD)
        run_id, child = start_and_hear(aws, job)
        os.kill(aws.process.pid, number)
        assert aws.process.wait(20) == 0
        assert not is_alive(int(child))
        assert not is_alive(aws.process_id(run_id))
