"""docker-compose.yaml itself, as docker-compose 1.29 reads it: no engine is needed for that."""

import re
from pathlib import Path
from typing import Any

import pytest

from local_aws.settings import client_environment
from local_stack.environment import airflow_environment
from local_stack.paths import ROOT
from tests.compose.compose_file import AIRFLOW, LONG_RUNNING, ONE_SHOT, pinned
from tests.compose.docker_compose import read_config

HOME = "/opt/airflow"
# What MWAA gets: dags/ with include/ in it, plugins, requirements.txt. The deploy facts are a link
# in include/, which a deployment replaces by the file.
MWAA = {
    "dags": f"{HOME}/dags",
    "include": f"{HOME}/dags/include",
    "infra/lakehouse.yaml": f"{HOME}/dags/include/lakehouse.yaml",
    "plugins": f"{HOME}/plugins",
    "requirements.txt": f"{HOME}/requirements.txt",
}
WITH_DAGS = (*AIRFLOW, "airflow-database")
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|KEY|CONN", re.IGNORECASE)
READ_FROM_A_FILE = ("_CMD", "_FILE")
# What every AWS client of the local stack says; local AWS checks no signature.
NO_SECRETS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "CONNECTION_CHECK_MAX_COUNT")
# What is in a process of its own on one machine, and in a container of its own here.
DIFFERS = {
    "AIRFLOW_HOME", "AIRFLOW__API__HOST", "AIRFLOW__API__PORT", "AIRFLOW__API__BASE_URL",
    "AIRFLOW__CORE__DAGS_FOLDER", "AIRFLOW__CORE__PLUGINS_FOLDER",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
}  # fmt: skip
LAPTOP = 8 * 1024**3
UNITS = {"g": 1024**3, "m": 1024**2}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    found: dict[str, Any] = read_config()["services"]
    return found


def mounts(service: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return source, target and mode of every mount: ``/checkout/dags:/opt/airflow/dags:ro``."""
    parts = [f"{each}:rw".split(":")[:3] for each in service.get("volumes", [])]
    return [(source, target, mode) for source, target, mode in parts]


def bind_mounts(service: dict[str, Any]) -> dict[str, str]:
    """Return the folders of the checkout that are mounted, with their targets."""
    found = [mount for mount in mounts(service) if mount[0].startswith("/")]
    assert {mode for _, _, mode in found} <= {"ro"}
    return {str(Path(source).relative_to(ROOT)): target for source, target, _ in found}


def size(limit: Any) -> int:
    text = str(limit)
    return int(text[:-1]) * UNITS[text[-1]] if text[-1] in UNITS else int(text)


def test_the_services_are_those_that_the_tests_know(services: dict[str, Any]) -> None:
    assert services.keys() == {*LONG_RUNNING, *ONE_SHOT}


@pytest.mark.parametrize("name", WITH_DAGS)
def test_airflow_gets_what_mwaa_gets_for_reading(services: dict[str, Any], name: str) -> None:
    assert bind_mounts(services[name]) == MWAA


@pytest.mark.parametrize("name", ["postgres", "local-aws", "secrets"])
def test_nothing_else_gets_anything_of_the_checkout(services: dict[str, Any], name: str) -> None:
    assert bind_mounts(services[name]) == {}


def test_what_mwaa_gets_has_no_link_that_leads_nowhere() -> None:
    """A link in a mounted folder leads out of it; what it names must be mounted in its place."""
    folders = ("dags", "include", "plugins")
    links = [path for each in folders for path in (ROOT / each).rglob("*") if path.is_symlink()]
    leads = {
        str(path.resolve().relative_to(ROOT)): f"{MWAA[folder]}/{path.relative_to(ROOT / folder)}"
        for path in links
        for folder in [path.relative_to(ROOT).parts[0]]
    }

    assert len(leads) >= 2
    assert leads.items() <= MWAA.items()


def test_base_images_are_pinned_and_can_be_replaced(services: dict[str, Any]) -> None:
    replaced = read_config(AIRFLOW_BASE="a:1", PYTHON_BASE="b:2", POSTGRES_BASE="c:3")["services"]
    for name, service in services.items():
        ((argument, base),) = service["build"]["args"].items()
        assert re.fullmatch(r"[\w/-]+:\d+\.\d+(\.\d+)?-[\w.-]+", base), base
        context = Path(service["build"]["context"])
        dockerfile = (context / service["build"].get("dockerfile", "Dockerfile")).read_text()
        assert f"ARG {argument}={base}\nFROM ${{{argument}}}\n" in dockerfile
        assert replaced[name]["build"]["args"][argument] in {"a:1", "b:2", "c:3"}


def test_images_have_a_tag(services: dict[str, Any]) -> None:
    tags = {service["image"].partition(":")[2] for service in services.values()}

    assert all(re.search(r"\d", tag) for tag in tags), tags


def test_ports_are_on_loopback_alone(services: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}

    assert ports.keys() == {"airflow-api-server", "local-aws"}
    for published in ports.values():
        assert all(re.fullmatch(r"127\.0\.0\.1:\d+:\d+(/tcp)?", each) for each in published)


@pytest.mark.parametrize("name", [*LONG_RUNNING, *ONE_SHOT])
def test_no_container_may_more_than_it_must(services: dict[str, Any], name: str) -> None:
    service = services[name]

    assert int(service["user"].partition(":")[0]) >= 100
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & service.keys()
    assert service.get("network_mode", "none") == "none"


@pytest.mark.parametrize("name", LONG_RUNNING)
def test_what_runs_on_is_watched_and_started_again(services: dict[str, Any], name: str) -> None:
    assert services[name]["healthcheck"]["test"][0] == "CMD"
    assert services[name]["restart"] == "unless-stopped"
    assert services[name]["init"] is True


def test_all_of_it_fits_a_laptop(services: dict[str, Any]) -> None:
    limits = {name: size(service["mem_limit"]) for name, service in services.items()}

    assert sum(limits[name] for name in LONG_RUNNING) <= LAPTOP


def test_named_volumes_hold_what_must_last(services: dict[str, Any]) -> None:
    named = {source for each in services.values() for source, _, _ in mounts(each)} - {
        source for each in services.values() for source, _, _ in mounts(each) if "/" in source
    }

    assert named == {"secrets", "postgres-data", "airflow-logs", "local-aws"}
    assert named == read_config()["volumes"].keys()


def test_no_secret_is_in_the_file(services: dict[str, Any]) -> None:
    said = [
        (name, variable, value)
        for name, service in services.items()
        for variable, value in service.get("environment", {}).items()
        if SECRET.search(variable) and variable not in NO_SECRETS
    ]

    assert len(said) > 5
    for name, variable, value in said:
        assert variable.endswith(READ_FROM_A_FILE), f"{name}: {variable}"
        assert re.fullmatch(r"(cat )?/(opt/airflow/secrets|run/lakehouse)/[a-z_.]+", value), value


@pytest.mark.parametrize("name", WITH_DAGS)
def test_airflow_is_told_what_the_stack_of_processes_is_told(
    services: dict[str, Any], name: str
) -> None:
    told = services[name]["environment"]
    local = airflow_environment(Path("/home"), ROOT, 8080)
    aws = client_environment("http://local-aws:4566")
    wanted = {key: value for key, value in {**local, **aws}.items() if key not in DIFFERS}
    del wanted["NO_PROXY"], wanted["AWS_REGION"]

    assert {key: told.get(key) for key in wanted} == wanted
    assert told["LAKEHOUSE_ENVIRONMENT"] == "local"


def test_each_part_of_airflow_starts_after_what_it_needs(services: dict[str, Any]) -> None:
    def waits_for(name: str) -> dict[str, str]:
        order = services[name].get("depends_on", {})
        return {other: each["condition"] for other, each in order.items()}

    done, healthy = "service_completed_successfully", "service_healthy"
    assert waits_for("postgres") == {"secrets": done}
    assert waits_for("airflow-database") == {"postgres": healthy}
    assert waits_for("airflow-api-server") == {"airflow-database": done}
    for name in AIRFLOW[1:]:
        assert waits_for(name) == {
            "airflow-database": done,
            "airflow-api-server": healthy,
            "local-aws": healthy,
        }


def test_the_airflow_image_has_the_versions_of_the_local_stack() -> None:
    image = pinned(ROOT / "containers/airflow/mwaa.txt")

    assert image.keys() == {"apache-airflow", "apache-airflow-providers-amazon"}
    assert image.items() <= pinned(ROOT / "requirements-local.txt").items()
    assert image["apache-airflow"] in read_config()["services"]["airflow-scheduler"]["image"]


def test_a_port_that_is_taken_can_be_another() -> None:
    services = read_config(AIRFLOW_PORT="18080", LOCAL_AWS_PORT="14566")["services"]

    assert services["airflow-api-server"]["ports"] == ["127.0.0.1:18080:8080/tcp"]
    assert services["local-aws"]["ports"] == ["127.0.0.1:14566:4566/tcp"]
    url = services["airflow-scheduler"]["environment"]["AIRFLOW__API__BASE_URL"]
    assert url == "http://127.0.0.1:18080"
