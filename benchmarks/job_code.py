"""The code that is measured: the jobs' package and the contract, as they are when a run starts."""

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CONTRACT = "orders_lakehouse.odcs.yaml"


@dataclass(frozen=True)
class JobCode:
    """A folder with the jobs' package and, beside it as on Glue, the contract."""

    folder: Path

    @property
    def contract(self) -> Path:
        """Return the contract's file."""
        return self.folder / CONTRACT

    @property
    def contract_version(self) -> str:
        """Return the version under which batches are planned."""
        document: dict[str, Any] = yaml.safe_load(self.contract.read_text())
        return str(document["version"])

    @property
    def digest(self) -> str:
        """Return a short name for all of it: other code may make its tables in another way."""
        files = [*sorted(self.folder.rglob("*.py")), self.contract]
        return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def freeze_code(checkout: Path, folder: Path) -> JobCode:
    """Return a copy of a checkout's code, so that nobody's work changes it while a run lasts."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(checkout / "glue_scripts", folder, ignore=ignored)
    shutil.copyfile(checkout / "include/contracts" / CONTRACT, folder / CONTRACT)
    return JobCode(folder)
