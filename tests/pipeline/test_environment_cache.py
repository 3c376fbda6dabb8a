"""The cache holds what make setup installs, and is another one for whatever setup decides from."""

import re
from fnmatch import fnmatchcase

import yaml

from local_stack.install.environments import AIRFLOW, GLUE
from local_stack.install.uv import OURS
from local_stack.paths import JARS, JAVA_HOME, ROOT

STEPS = yaml.safe_load((ROOT / ".github/actions/setup/action.yml").read_text())["runs"]["steps"]
CACHE = next(step for step in STEPS if step.get("uses", "").startswith("actions/cache@"))
KEY = CACHE["with"]["key"]


def test_all_that_is_installed_is_kept() -> None:
    installed = [AIRFLOW.folder, GLUE.folder, OURS, JARS, JAVA_HOME]

    assert CACHE["with"]["path"].split() == [str(path.relative_to(ROOT)) for path in installed]


def test_other_requirements_are_another_cache() -> None:
    hashed = re.findall(r"'([^']+)'", re.findall(r"hashFiles\((.+?)\)", KEY)[0])
    decide = [*AIRFLOW.requirements, *GLUE.requirements, "requirements-java.txt"]
    decide += ["local_aws/spark_defaults.py", "local_stack/install/jars.py"]

    assert all((ROOT / path).exists() for path in decide)
    assert [path for path in decide if not any(fnmatchcase(path, glob) for glob in hashed)] == []


def test_other_pythons_or_another_machine_are_another_cache() -> None:
    pythons = {step["id"]: step["with"]["python-version"] for step in STEPS if "id" in step}

    assert pythons == {"glue": f"3.{GLUE.minors[0]}", "airflow": f"3.{AIRFLOW.minors[0]}"}
    assert all(f"steps.{side}.outputs.python-version" in KEY for side in pythons)
    assert "runner.os" in KEY
    assert "runner.arch" in KEY


def test_what_is_released_does_not_come_from_a_cache() -> None:
    jobs = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text())["jobs"].values()
    setups = [step for job in jobs for step in job["steps"] if "/setup" in step.get("uses", "$")]
    told = [step["with"]["cache"] for step in setups if step["uses"].startswith("$/")]

    assert told == ["${{ !startsWith(github.ref, 'refs/tags/') }}"] * 3
    assert CACHE["if"] == "inputs.cache == 'true'"
