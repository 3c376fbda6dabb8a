import os
from pathlib import Path

import pytest

from local_stack.environment import MARK, airflow_environment, enter, stack_environment

ENDPOINT = "http://127.0.0.1:5001"
FOREIGN = [
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL_S3",
    "AIRFLOW__CORE__EXECUTOR",
    "SPARK_HOME",
    "PYTHONPATH",
    "HTTP_PROXY",
    "https_proxy",
]


@pytest.fixture(autouse=True)
def restored_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())


@pytest.mark.parametrize("name", FOREIGN)
def test_a_persons_own_setting_does_not_reach_the_stack(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, name, "theirs")

    assert stack_environment(ENDPOINT, Path("/stack")).get(name) is None


def test_the_stack_keeps_what_else_a_process_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PATH", "/somewhere")

    assert stack_environment(ENDPOINT, Path("/stack"))["PATH"] == "/somewhere"


def test_the_stack_talks_to_local_aws_and_carries_its_mark() -> None:
    environment = stack_environment(ENDPOINT, Path("/stack"))

    assert environment["AWS_ENDPOINT_URL"] == ENDPOINT
    assert environment[MARK] == "/stack"
    assert environment["LAKEHOUSE_ENVIRONMENT"] == "local"


def test_credential_files_of_a_person_are_not_read() -> None:
    environment = stack_environment(ENDPOINT, Path("/stack"))

    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["AWS_CONFIG_FILE"] == os.devnull


def test_entering_leaves_this_process_no_other_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "AWS_PROFILE", "theirs")

    enter(ENDPOINT, Path("/stack"))

    assert "AWS_PROFILE" not in os.environ
    assert os.environ["AWS_ENDPOINT_URL"] == ENDPOINT


def test_airflow_listens_on_loopback_and_keeps_everything_in_its_folder() -> None:
    settings = airflow_environment(Path("/stack/airflow"), Path("/project"), 5002)

    assert settings["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert settings["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"].startswith("http://127.0.0.1:5002/")
    assert settings["AIRFLOW_HOME"] == "/stack/airflow"
    assert settings["AIRFLOW__CORE__DAGS_FOLDER"] == "/project/dags"
