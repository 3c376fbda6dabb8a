"""The parts of a release: what lies where in ``dist/``, and where each goes in the bucket."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release.glue import file_arguments, glue_files
from release.wheels import ZIP, wheel_arguments
from release.zips import files_below, zip_files


@dataclass(frozen=True)
class Part:
    """One file of a release."""

    path: str
    """Where it lies in ``dist/``."""
    key: str
    """The key of its object in the bucket."""
    content: bytes

    @property
    def sha256(self) -> str:
        """Return the digest of its content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def all_parts(project: Path, facts: dict[str, Any], wheels: bytes) -> list[Part]:
    """Return every part of a release of `project`, in the order of their paths."""
    mwaa, glue = facts["prefixes"]["mwaa"], facts["prefixes"]["glue_assets"]
    airflow = mwaa_files(project)
    jobs = {**glue_files(project), ZIP: wheels}
    return [
        *(Part(name, f"{mwaa}{name}", airflow[name]) for name in sorted(airflow)),
        *(Part(f"glue/{name}", f"{glue}{name}", jobs[name]) for name in sorted(jobs)),
    ]


def mwaa_files(project: Path) -> dict[str, bytes]:
    """Return what MWAA reads from its bucket, by name under the prefix ``mwaa``."""
    dags = files_below(project / "dags")
    return {
        **{f"dags/{name}": content for name, content in dags.items()},
        "plugins.zip": zip_files(files_below(project / "plugins")),
        "requirements.txt": (project / "requirements.txt").read_bytes(),
    }


def manifest(
    version: str, commit: str, project: Path, facts: dict[str, Any], parts: Sequence[Part]
) -> bytes:
    """Return what a release says of itself, as JSON."""
    record = {
        "version": version,
        "commit": commit,
        "bucket": facts["bucket"],
        "glue_arguments": {**file_arguments(project, facts), **wheel_arguments(facts)},
        "parts": [
            {"path": p.path, "key": p.key, "bytes": len(p.content), "sha256": p.sha256}
            for p in parts
        ],
    }
    return f"{json.dumps(record, indent=2)}\n".encode()
