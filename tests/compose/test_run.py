"""The sample through the DAG in containers, with the scheduler and local AWS killed midway.

The images are this project's, built on stand-ins where no base image is named.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local_stack.compose import ask, command, environment
from local_stack.install.steps import run
from local_stack.lines import say
from local_stack.paths import ROOT
from local_stack.stack_state import Stack
from tests.compose.compose_file import LONG_RUNNING, pinned
from tests.end_to_end.oracle import Expected
from tests.end_to_end.pipeline import FIRST, Pipeline, States

pytestmark = [pytest.mark.compose, pytest.mark.timeout(3600)]

NO_CONFLICT = "No broken requirements found."
KILLED = ("airflow-scheduler", "local-aws")
PACKAGES = """
import importlib.metadata, json
print(json.dumps({each.name: each.version for each in importlib.metadata.distributions()}))
"""


def inside(service: str, *words: str) -> str:
    """Return what a command prints in a running container."""
    answer = ask("exec", "-T", service, *words)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def inspect(service: str) -> dict[str, Any]:
    """Return what the engine says of a container."""
    container = ask("ps", "-q", service).stdout.strip()
    found = subprocess.check_output(["docker", "inspect", container], env=environment())
    described: dict[str, Any] = json.loads(found)[0]
    return described


@pytest.fixture(scope="module")
def killed_run(pipeline: Pipeline, sample: list[Path]) -> States:
    """Load the sample; kill scheduler and local AWS between two commits, start them again."""
    pipeline.deliver(*sample)
    glue_run = pipeline.load_between_commits(FIRST)
    say(f"killing {' and '.join(KILLED)} while Glue run {glue_run[:12]} is between two commits")
    run("compose-kill", [*command(), "kill", *KILLED], environment())
    for service in KILLED:
        assert inspect(service)["State"]["Running"] is False
    say("starting them again")
    run("compose-up-again", [*command(), "up", "-d"], environment())
    states = pipeline.succeed(FIRST)
    say(f"the run has ended: {states['run']}")
    return states


def test_the_images_have_the_versions_of_mwaa(stack: Stack) -> None:
    say(f"Airflow runs on {inside('airflow-scheduler', 'python', '-VV')}")
    say(f"the database is {inside('postgres', 'postgres', '--version')}")
    installed = json.loads(inside("airflow-scheduler", "python", "-c", PACKAGES))

    assert installed["apache-airflow-providers-amazon"] == "9.34.0"
    assert installed["apache-airflow"] == "3.3.1"
    constraints = pinned(ROOT / "constraints.txt")
    assert {"boto3", "pendulum"} <= constraints.keys()
    assert {k: v for k, v in installed.items() if constraints.get(k.lower(), v) != v} == {}
    assert inside("airflow-scheduler", "python", "-m", "pip", "check") == NO_CONFLICT


def test_local_aws_has_what_glue_has(stack: Stack) -> None:
    java = inside("local-aws", "bash", "-c", "/opt/java/bin/java -version 2>&1")
    glue = json.loads(inside("local-aws", "/opt/glue/bin/python", "-c", PACKAGES))

    assert 'version "17.' in java
    assert inside("local-aws", "/opt/glue/bin/python", "-V").startswith("Python 3.11.")
    assert (glue["pyspark"], glue["delta-spark"]) == ("3.5.6", "3.3.2")


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_a_container_is_nobody_special(stack: Stack, service: str) -> None:
    uid, capabilities = inside(
        service, "bash", "-c", "id -u; grep CapEff /proc/self/status"
    ).splitlines()

    assert uid != "0"
    assert int(capabilities.split()[1], 16) == 0


@pytest.mark.parametrize("service", LONG_RUNNING)
def test_its_ports_are_on_loopback_and_no_secret_is_in_its_environment(
    stack: Stack, service: str
) -> None:
    described = inspect(service)
    published = described["NetworkSettings"]["Ports"] or {}
    hosts = {place["HostIp"] for places in published.values() for place in places or []}
    secrets = [
        inside("airflow-api-server", "cat", f"/opt/airflow/secrets/{name}")
        for name in ("jwt_secret", "fernet_key", "api_secret_key", "database_url")
    ]

    assert hosts <= {"127.0.0.1"}
    assert all(len(secret) >= 40 for secret in secrets)
    assert not any(secret in json.dumps(described["Config"]) for secret in secrets)


def test_postgres_can_read_its_password_and_no_other_secret(stack: Stack) -> None:
    folder = "/run/lakehouse"

    assert inside("postgres", "cat", f"{folder}/database_password")
    assert ask("exec", "-T", "postgres", "cat", f"{folder}/jwt_secret").returncode != 0


def test_dags_can_be_read_with_include_and_not_written(stack: Stack) -> None:
    for folder, name in (
        ("include", "lakehouse.yaml"),
        ("include/contracts", "orders_lakehouse.odcs.yaml"),
    ):
        here = (ROOT / folder / name).read_text().strip()
        assert inside("airflow-scheduler", "cat", f"/opt/airflow/dags/{folder}/{name}") == here
    written = ask("exec", "-T", "airflow-scheduler", "touch", "/opt/airflow/dags/new.py")
    assert "Read-only" in written.stderr


def test_the_run_completes_after_both_were_killed(pipeline: Pipeline, killed_run: States) -> None:
    runs = pipeline.loads()

    assert {task for task, state in killed_run.items() if state == "skipped"} == {"undo_batch"}
    assert set(killed_run.values()) == {"success", "skipped"}
    assert [each["JobRunState"] for each in runs] == ["SUCCEEDED", "FAILED"]
    assert runs[1]["ErrorMessage"] == "Local AWS ended while the run was going on."
    assert pipeline.tasks(FIRST)["load_delta"]["try_number"] == 2


def test_the_ledger_counts_what_was_expected(
    pipeline: Pipeline, killed_run: States, expected: Expected
) -> None:
    ledger = pipeline.required_record(f"{pipeline.batch_of(FIRST)}/load.json")

    assert ledger["datasets"].keys() == expected.read.keys()
    for dataset, counts in ledger["datasets"].items():
        outcomes = {name: count for name, count in counts["outcomes"].items() if count}
        say(f"{dataset}: {counts['read']} read, {outcomes}")
        assert counts["read"] == expected.read[dataset]
        assert outcomes == {k: v for k, v in expected.outcomes[dataset].items() if v}


def test_athena_counts_the_same_rows(
    pipeline: Pipeline, killed_run: States, expected: Expected
) -> None:
    for dataset, rows in expected.tables.items():
        assert pipeline.query(f"select count(*) as n from {dataset}") == [[str(len(rows))]]


def test_one_message_tells_of_the_published_batch(pipeline: Pipeline, killed_run: States) -> None:
    topics = [alert.topic for alert in pipeline.alerts()]

    assert topics == ["orders-lakehouse-published"]
