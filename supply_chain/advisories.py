"""What is known against the pinned packages, and what of it the project lives with.

Standard library only: the audit needs neither of the two environments.
"""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

FIELDS = {"package": str, "advisory": str, "reason": str, "until": date}


class AuditError(Exception):
    """The audit could not be made; the message says why, and what to do."""


@dataclass(frozen=True)
class Finding:
    """One advisory against a package, at the version that a requirement file pins."""

    requirements: str
    package: str
    version: str
    advisory: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]

    def __str__(self) -> str:
        """Say it in one line."""
        names = ", ".join((self.advisory, *self.aliases))
        fixed = f"fixed in {' or '.join(self.fixed_in)}" if self.fixed_in else "not fixed yet"
        return f"{self.requirements}: {self.package} {self.version} has {names}, {fixed}"


@dataclass(frozen=True)
class Acceptance:
    """The word that one advisory of one package is lived with, up to and including a day."""

    package: str
    advisory: str
    reason: str
    until: date

    def covers(self, finding: Finding) -> bool:
        """Tell whether the finding is the one that is meant, by any of its names."""
        names = (finding.advisory, *finding.aliases)
        return self.package == finding.package and self.advisory in names


def read_acceptances(file: Path) -> list[Acceptance]:
    """Return the entries of `file`; AuditError for one that says too little or too much."""
    entries = tomllib.loads(file.read_text()).get("accepted", [])
    return [acceptance(file, entry) for entry in entries]


def acceptance(file: Path, entry: dict[str, Any]) -> Acceptance:
    """Return one entry; AuditError unless it has exactly the fields, each of its type."""
    if {name: type(value) for name, value in entry.items()} != FIELDS or not all(entry.values()):
        wanted = ", ".join(f"{name} ({kind.__name__})" for name, kind in FIELDS.items())
        raise AuditError(f"{file.name}: {entry} must have exactly {wanted}, none of them empty.")
    return Acceptance(**entry)


def problems(
    findings: Sequence[Finding], acceptances: Sequence[Acceptance], today: date
) -> Iterator[str]:
    """Give a line for each finding that is not accepted, and for each entry to look at again."""
    for finding in findings:
        if not any(entry.covers(finding) for entry in acceptances):
            yield str(finding)
    for entry in acceptances:
        if not any(entry.covers(finding) for finding in findings):
            yield f"{entry.package}: {entry.advisory} is accepted and not there: remove the entry"
        elif entry.until < today:
            yield f"{entry.package}: {entry.advisory} was accepted until {entry.until}"
