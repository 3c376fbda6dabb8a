"""Audit every pinned Python package: ``python3 -m supply_chain``, with options for pip-audit.

Standard library only. The exit code is 0 when nothing is known that is not accepted.
"""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from local_stack.install.steps import InstallError
from local_stack.paths import ROOT
from supply_chain.advisories import AuditError, Finding, problems, read_acceptances
from supply_chain.pip_audit import audit

REQUIREMENTS = sorted(file.name for file in ROOT.glob("requirements*.txt"))
ACCEPTED = Path(__file__).with_name("accepted_advisories.toml")
ADVICE = f"\nUpgrade what can be upgraded; what can't be goes into supply_chain/{ACCEPTED.name}."


def main(options: Sequence[str]) -> None:
    """Ask for all files, print what must be looked at, and exit with 1 if anything must."""
    try:
        acceptances = read_acceptances(ACCEPTED)
        found = [finding for name in REQUIREMENTS for finding in audit_aloud(name, options)]
    except (AuditError, InstallError) as error:
        sys.exit(str(error))
    lines = list(problems(found, acceptances, datetime.now(UTC).date()))
    print(*lines, sep="\n", end="\n" if lines else "")
    sys.exit(ADVICE if lines else 0)


def audit_aloud(requirements: str, options: Sequence[str]) -> list[Finding]:
    """Audit one file, and say how many advisories it has."""
    found = audit(requirements, options)
    print(f"{requirements}: {len(found)} known advisories", flush=True)
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
