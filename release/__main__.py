"""Build ``dist/`` from the commit that is checked out: ``python -m release``."""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from local_stack.paths import ROOT
from release.checkout import SHORT, Checkout
from release.errors import ReleaseError
from release.parts import Part, all_parts, manifest
from release.wheels import wheels_zip

DIST = "dist"
MANIFEST = "manifest.json"


def build(checkout: Checkout) -> list[Part]:
    """Write the release of the commit into the checkout's `DIST`, and return its parts."""
    commit, version = checkout.commit(), checkout.version()
    refuse_changes(checkout.changed())
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch)
        checkout.export(project)
        facts = yaml.safe_load((project / "infra" / "lakehouse.yaml").read_text())
        parts = all_parts(project, facts, wheels_zip(project))
        about = manifest(version, commit, project, facts, parts)
    write(checkout.root / DIST, parts, about)
    print(f"orders lakehouse {version}, commit {commit[:SHORT]}, bucket {facts['bucket']}\n")
    return parts


def refuse_changes(changed: Sequence[str]) -> None:
    """Raise a ReleaseError if there are changes, which a release of the commit would not have."""
    if changed:
        raise ReleaseError(
            "A release is built from a commit, and these files differ from it:\n"
            + "\n".join(f"  {line}" for line in changed)
            + "\nCommit or stash them, and build again."
        )


def write(dist: Path, parts: Sequence[Part], about: bytes) -> None:
    """Write the parts into `dist`, the manifest last: without it a release is not complete."""
    if dist.exists():
        shutil.rmtree(dist)
    for part in parts:
        target = dist / part.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(part.content)
    (dist / MANIFEST).write_bytes(about)


def show(parts: Sequence[Part], left_out: Sequence[str]) -> None:
    """Print a line for each part, and what lies about that no part has."""
    width = max(len(part.path) for part in parts)
    print(f"{f'in {DIST}/':{width}}  {'bytes':>11}  {'sha256':{SHORT}}  key")
    for part in parts:
        size = f"{len(part.content):>11,}"
        print(f"{part.path:{width}}  {size}  {part.sha256[:SHORT]}  {part.key}")
    print(f"\nWhole digests and the arguments of the Glue jobs are in {DIST}/{MANIFEST}.")
    for path in left_out:
        print(f"Not in it, because git does not know it: {path}")


def main(root: Path = ROOT) -> None:
    """Build and show the release of a checkout, or say what is in the way."""
    checkout = Checkout(root)
    try:
        show(build(checkout), checkout.left_out())
    except ReleaseError as error:
        sys.exit(f"No release was built. {error}")


if __name__ == "__main__":
    main()
