"""Print the packages of this Python that a file of constraints pins, as requirements.

So what the base image brought is held to MWAA's versions as well: ``under_constraints.py FILE``.
"""

import importlib.metadata
import re
import sys
from collections.abc import Iterable
from pathlib import Path

PIN = re.compile(r"^([\w.-]+)==", re.MULTILINE)


def under_constraints(installed: Iterable[str], constraints: str) -> list[str]:
    """Return the installed names that are pinned, as the constraints write them."""
    present = {normalized(name) for name in installed}
    return sorted(name for name in PIN.findall(constraints) if normalized(name) in present)


def normalized(name: str) -> str:
    """Return the one spelling of a package's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    names = [each.name for each in importlib.metadata.distributions()]
    print("\n".join(under_constraints(names, Path(sys.argv[1]).read_text())))
