from pathlib import Path
from typing import Any

import pytest
import yaml
from lakehouse_airflow.deployment import ENVIRONMENT_VARIABLE, DeploymentError, read_deployment

DEPLOY_FILE = Path(__file__).resolve().parents[2] / "infra" / "lakehouse.yaml"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)


@pytest.fixture
def facts() -> dict[str, Any]:
    facts: dict[str, Any] = yaml.safe_load(DEPLOY_FILE.read_text())
    return facts


def deploy_file(folder: Path, facts: dict[str, Any]) -> Path:
    path = folder / "lakehouse.yaml"
    path.write_text(yaml.safe_dump(facts))
    return path


def test_the_project_s_deploy_file_can_be_read() -> None:
    deployment = read_deployment(DEPLOY_FILE)

    assert deployment.bucket == "delta-lake-bkt01"
    assert deployment.glue_jobs.load.name == "Delta-lake-job"
    assert deployment.airflow.schedule == "*/15 * * * *"


def test_an_environment_replaces_what_it_names_and_keeps_the_rest(
    tmp_path: Path, facts: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    facts["environments"] = {"small": {"airflow": {"poll_seconds": {"glue": 1}}}}
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "small")

    poll_seconds = read_deployment(deploy_file(tmp_path, facts)).airflow.poll_seconds

    assert (poll_seconds.glue, poll_seconds.sensor) == (1, 30)


def test_an_environment_can_take_the_schedule_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "local")

    assert read_deployment(DEPLOY_FILE).airflow.schedule is None


def test_an_unknown_environment_is_named_beside_the_known_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, "prod")

    with pytest.raises(DeploymentError, match="'prod', but the file knows only: local"):
        read_deployment(DEPLOY_FILE)


def test_a_missing_fact_is_named_by_its_path(tmp_path: Path, facts: dict[str, Any]) -> None:
    del facts["glue_jobs"]["undo"]["timeout_minutes"]

    with pytest.raises(DeploymentError, match=r"glue_jobs\.undo\.timeout_minutes: Field"):
        read_deployment(deploy_file(tmp_path, facts))


def test_a_fact_of_the_wrong_type_is_named_by_its_path(
    tmp_path: Path, facts: dict[str, Any]
) -> None:
    facts["airflow"]["retries"] = "twice"

    with pytest.raises(DeploymentError, match=r"airflow\.retries: Input should be a valid"):
        read_deployment(deploy_file(tmp_path, facts))
