"""Ask pip-audit about one requirement file. Standard library only."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from typing import Any

from local_stack.install.uv import find_uv, uv_environment
from local_stack.paths import ROOT
from supply_chain.advisories import AuditError, Finding

PIP_AUDIT = ("tool", "run", "--constraints", "requirements-audit.txt", "pip-audit")
# The files pin all there is, so nothing is resolved; a package that can't be looked up is an error.
OPTIONS = ("--no-deps", "--disable-pip", "--strict", "--progress-spinner=off", "--format=json")
WHAT_TO_DO = (
    "The audit asks PyPI, or with make audit AUDIT='--vulnerability-service osv' the Open Source "
    "Vulnerabilities service, which must be reachable. Nothing is known of this file."
)


def audit(requirements: str, options: Sequence[str]) -> list[Finding]:
    """Return what is known against the packages of a file; AuditError if that can't be had."""
    command = [str(find_uv()), *PIP_AUDIT, "--requirement", requirements, *OPTIONS, *options]
    environment = {**os.environ, **uv_environment()}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    try:
        report = json.loads(answer.stdout)
    except json.JSONDecodeError:
        end = "\n".join(answer.stderr.splitlines()[-3:])
        raise AuditError(f"{requirements}: pip-audit failed:\n{end}\n{WHAT_TO_DO}") from None
    return list(findings(requirements, report))


def findings(requirements: str, report: dict[str, Any]) -> Iterator[Finding]:
    """Give the findings of pip-audit's report; AuditError for a package that it skipped."""
    for package in report["dependencies"]:
        if reason := package.get("skip_reason"):
            raise AuditError(f"{requirements}: {reason}\n{WHAT_TO_DO}")
        for advisory in package["vulns"]:
            yield Finding(
                requirements,
                package["name"],
                package["version"],
                advisory["id"],
                tuple(advisory["aliases"]),
                tuple(advisory["fix_versions"]),
            )
