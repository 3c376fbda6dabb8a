"""Messages and the DAG's page link to docs/runbook.md: what they link to is there."""

import re

import pytest
import yaml
from airflow.dag_processing.dagbag import DagBag
from lakehouse_airflow.advice import SECTIONS, runbook
from lakehouse_airflow.deployment import read_deployment
from lakehouse_airflow.failures import RUN_ENDS
from lakehouse_airflow.messages import SUBJECTS

from tests.plugins.airflow_fixtures import ROOT

RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
PARTS = ["Means", "Look at", "Click", "Safe to ignore"]


def anchor(heading: str) -> str:
    """Return what a link to the heading ends with, by GitHub's rule."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


SECTIONS_THERE = {
    anchor(heading): text
    for heading, text in re.findall(r"^## (.+?)\n(.+?)(?=^## |\Z)", RUNBOOK, re.M | re.S)
}
TASKS = DagBag(ROOT / "dags").dags["orders_lakehouse"].task_ids
ALARMS = yaml.safe_load((ROOT / "infra/lakehouse.yaml").read_text())["cloudwatch"]["alarms"]
KINDS = sorted((RUN_ENDS.keys() | SUBJECTS.keys()) - {"task_failed"})


@pytest.mark.parametrize(
    "section",
    [*TASKS, *(SECTIONS.get(kind, kind) for kind in KINDS), "reminder", "recovery"],
)
def test_the_section_that_a_message_links_to_is_there_and_says_what_to_do(section: str) -> None:
    link = runbook(read_deployment(ROOT / "infra" / "lakehouse.yaml"), section)

    path, _, fragment = link.partition("#")
    assert path == "docs/runbook.md"
    assert fragment in SECTIONS_THERE, f"add a section for {section}"
    assert re.findall(r"^\* \*\*(.+?):\*\*", SECTIONS_THERE[fragment], re.M) == PARTS


@pytest.mark.parametrize("alarm", ALARMS, ids=lambda alarm: alarm["name"])
def test_the_section_that_an_alarm_names_is_there(alarm: dict[str, str]) -> None:
    [section] = re.findall(r"See (\S+) in docs/runbook\.md", alarm["description"])
    assert alarm["name"] in SECTIONS_THERE[section]
    assert re.findall(r"^\* \*\*(.+?):\*\*", SECTIONS_THERE[section], re.M) == PARTS


def test_the_page_of_the_dag_names_the_runbook() -> None:
    page = DagBag(ROOT / "dags").dags["orders_lakehouse"].doc_md or ""

    assert "`docs/runbook.md`" in page.split("## Triage")[1].split("## Owner")[0]
