"""MWAA as a release finds it: an Airflow that has its folder for DAGs and one for plugins."""

import json
import re
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_stack.paths import ROOT
from tests.release.bare import install, make_environment, run

# Of all that is installed here, what is part of MWAA's image.
IMAGE = re.compile(r"^apache-airflow(?:-providers-(?:amazon|standard))?==.+$", re.MULTILINE)
CONSTRAINTS = ("--constraint", str(ROOT / "constraints.txt"))
SCRIPTS = Path(__file__).parent / "mwaa_scripts"


@dataclass(frozen=True)
class Mwaa:
    """An Airflow environment: the folder that is ``/usr/local/airflow`` on MWAA, and its Python."""

    home: Path
    python: Path

    def run(self, script: str, environment: Mapping[str, str] | None = None) -> Any:
        """Return what a script prints as JSON, on its last line."""
        settings = {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(self.home / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(self.home / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            **(environment or {}),
        }
        printed = run([self.python, "-P", SCRIPTS / script], self.home, settings)
        return json.loads(printed.splitlines()[-1])


def make_mwaa(folder: Path, dist: Path) -> Mwaa:
    """Return an MWAA to which a release has been given."""
    python = make_environment(folder / "environment", Path(sys.executable))
    image = IMAGE.findall((ROOT / "requirements-local.txt").read_text())
    assert len(image) == 3
    provider = "apache-airflow-providers-amazon"
    packages = [name.replace(provider, f"{provider}[aiobotocore]") for name in image]
    install(python, *CONSTRAINTS, *packages)
    home = folder / "airflow"
    home.mkdir()
    unpack(home, dist)
    install(python, *CONSTRAINTS, "--requirement", str(home / "requirements.txt"))
    return Mwaa(home, python)


def unpack(home: Path, dist: Path) -> None:
    """Lay out the parts as MWAA does: DAGs as they are, plugins unpacked."""
    for path in (*(dist / "dags").rglob("*"), dist / "requirements.txt"):
        if path.is_file():
            target = home / path.relative_to(dist)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    with zipfile.ZipFile(dist / "plugins.zip") as archive:
        archive.extractall(home / "plugins")
