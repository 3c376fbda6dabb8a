"""What the workflows promise beyond what zizmor reads in them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from local_stack.paths import ROOT

GITHUB = ROOT / ".github"
Mapping = dict[str, Any]


def read(file: Path) -> Mapping:
    """Return the file as YAML 1.2 means it: the key ``on`` is a word, not a truth."""
    content: Mapping = yaml.load(file.read_text(), yaml.BaseLoader)
    return content


WORKFLOWS = {file.name: read(file) for file in sorted((GITHUB / "workflows").iterdir())}
ACTIONS = {file.parent.name: read(file) for file in sorted(GITHUB.glob("actions/*/action.yml"))}
CHECKS, RELEASE = WORKFLOWS["checks.yml"], WORKFLOWS["release.yml"]
JOBS = [
    pytest.param(job, id=f"{name}-{key}")
    for name, workflow in WORKFLOWS.items()
    for key, job in workflow["jobs"].items()
]


def steps() -> Iterator[Mapping]:
    """Give every step of every job and of every action of our own."""
    for workflow in WORKFLOWS.values():
        for job in workflow["jobs"].values():
            yield from job.get("steps", [])
    for action in ACTIONS.values():
        yield from action["runs"]["steps"]


def commands_of(workflow: Mapping) -> str:
    """Return all that the workflow's own steps run."""
    jobs = workflow["jobs"].values()
    return "\n".join(step.get("run", "") for job in jobs for step in job.get("steps", []))


def uses() -> list[str]:
    """Return what is used from elsewhere, by steps and by whole jobs, as it is written."""
    text = "\n".join(file.read_text() for file in GITHUB.rglob("*.yml"))
    return re.findall(r"^\s*(?:- )?uses: (.+)$", text, re.MULTILINE)


def test_every_action_is_pinned_by_its_commit_with_the_version_beside_it() -> None:
    foreign = [line for line in uses() if not line.startswith("$/")]
    unpinned = [line for line in foreign if not re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)]

    assert foreign
    assert unpinned == []


def test_an_action_has_one_version_wherever_it_is_used() -> None:
    foreign = {line for line in uses() if not line.startswith("$/")}

    assert len(foreign) == len({line.partition("@")[0] for line in foreign})


def test_what_is_used_from_this_repository_is_there() -> None:
    own = {line.removeprefix("$/") for line in uses() if line.startswith("$/")}

    assert own == {".github/actions/setup", ".github/workflows/checks.yml"}
    assert all((ROOT / path).exists() for path in own)


def test_every_make_target_that_is_called_exists() -> None:
    called = {
        name for step in steps() for name in re.findall(r"make ([\w-]+)", step.get("run", ""))
    }
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert called == {"setup", "check", "test", "package", "audit", "secrets"}
    assert called - set(targets) == set()


def test_a_pull_request_must_pass_all_of_it() -> None:
    assert "pull_request" in CHECKS["on"]
    assert "pull_request_target" not in CHECKS["on"]
    assert set(re.findall(r"make [\w-]+", commands_of(CHECKS))) == {
        "make check",
        "make test",
        "make package",
        "make audit",
        "make secrets",
    }


@pytest.mark.parametrize("job", JOBS)
def test_no_job_goes_on_for_ever(job: Mapping) -> None:
    assert "uses" in job or 0 < int(job["timeout-minutes"]) <= 90


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_a_workflow_may_do_nothing_and_gives_way_to_its_like(workflow: Mapping) -> None:
    assert workflow["permissions"] == {}
    assert "github.ref" in workflow["concurrency"]["group"]


def test_a_called_workflow_does_not_wait_for_its_caller() -> None:
    groups = {workflow["concurrency"]["group"].split("-")[0] for workflow in WORKFLOWS.values()}

    assert len(groups) == len(WORKFLOWS)


@pytest.mark.parametrize("job", JOBS)
def test_a_job_may_read_and_only_the_release_may_write(job: Mapping) -> None:
    release = {"contents": "write", "id-token": "write", "attestations": "write"}

    assert job["permissions"] == (
        release if job is RELEASE["jobs"]["release"] else {"contents": "read"}
    )


def test_a_release_is_a_tag_that_has_passed_the_checks() -> None:
    assert RELEASE["on"] == {"push": {"tags": ["v*"]}}
    assert RELEASE["jobs"]["checks"]["uses"] == "$/.github/workflows/checks.yml"
    assert RELEASE["jobs"]["release"]["needs"] == "checks"


def test_the_job_that_may_write_runs_nothing_of_this_repository() -> None:
    used = [step.get("uses", "") for step in RELEASE["jobs"]["release"]["steps"]]

    assert not [action for action in used if action.startswith(("$/", "./", "actions/checkout"))]
    assert "make" not in commands_of(RELEASE)


def test_what_is_released_is_what_the_checks_built() -> None:
    built = [step for step in CHECKS["jobs"]["package"]["steps"] if "path" in step.get("with", {})]
    taken = [step for step in RELEASE["jobs"]["release"]["steps"] if "path" in step.get("with", {})]

    assert [step["with"]["name"] for step in built] == [step["with"]["name"] for step in taken]
    assert built[0]["with"]["path"] == taken[0]["with"]["path"] == "dist"


def test_no_command_has_text_from_an_event_in_it() -> None:
    assert [step["run"] for step in steps() if "${{" in step.get("run", "")] == []


def test_no_checkout_leaves_credentials_behind() -> None:
    checkouts = [step for step in steps() if step.get("uses", "").startswith("actions/checkout@")]

    assert checkouts
    assert {step["with"].get("persist-credentials") for step in checkouts} == {"false"}


@pytest.mark.parametrize("job", ["package", "secrets"])
def test_what_reads_the_history_has_it(job: str) -> None:
    checkout = CHECKS["jobs"][job]["steps"][0]

    assert checkout["uses"].startswith("actions/checkout@")
    assert checkout["with"]["fetch-depth"] == "0"
