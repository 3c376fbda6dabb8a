"""The wheels that our jobs add to Glue: fetched for Glue's platform, checked, zipped."""

import hashlib
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from local_stack.install.steps import InstallError, fingerprint, run
from local_stack.install.uv import find_uv, uv_environment
from local_stack.lines import say
from local_stack.paths import LOCAL
from release.errors import ReleaseError
from release.glue import glue_place
from release.zips import zip_files

LOCK = "requirements-wheels.txt"
WHEELS = LOCAL / "wheels"
# The suffix is what tells Glue that the wheels are in a zip.
ZIP = "lakehouse.gluewheels.zip"
PIP = "pip==25.3"
# What AWS documents for Glue 5.1 (Amazon Linux 2023): wheels for these, whatever machine builds.
PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux2014_x86_64")
ABIS = ("cp311", "abi3", "none")
# Soda names pyspark as a requirement. Glue's own was not installed by pip, so pip would look for
# another one. All others that are required are in the zip.
INSTALLER_OPTIONS = "--no-index --no-deps"
UNREACHABLE = (
    "The wheels for Glue come from the package index that pip is configured for (pip config list). "
    "Make it reachable and build again; once they are here, no network is needed to build."
)


def wheel_arguments(facts: dict[str, Any]) -> dict[str, str]:
    """Return the job arguments with which Glue installs the wheels."""
    return {
        "--additional-python-modules": f"{glue_place(facts)}{ZIP}",
        "--python-modules-installer-option": INSTALLER_OPTIONS,
    }


def wheels_zip(project: Path) -> bytes:
    """Return the zip of the wheels that the project pins, fetching those that are not here yet.

    Raises:
        ReleaseError: they can't be had, or are not those that are pinned.
    """
    lock = (project / LOCK).read_text()
    pins = re.findall(r"^\S+==\S+", lock, re.MULTILINE)
    wheels = read_wheels(fetch_wheels(lock), lock)
    if len(wheels) != len(pins):
        raise ReleaseError(f"{LOCK} has {len(pins)} pins, but {len(wheels)} wheels came of them.")
    listed = "".join(f"{pin}\n" for pin in pins).encode()
    files = {"requirements.txt": listed, **wheels}
    return zip_files({f"wheels/{name}": content for name, content in files.items()})


def read_wheels(folder: Path, lock: str) -> dict[str, bytes]:
    """Return the wheels by name; ReleaseError if the lock file has not the digest of one."""
    wheels = {path.name: path.read_bytes() for path in sorted(folder.glob("*.whl"))}
    for name, content in wheels.items():
        if f"sha256:{hashlib.sha256(content).hexdigest()}" not in lock:
            raise ReleaseError(f"{folder / name} is not as {LOCK} pins it: delete {folder}.")
    return wheels


def fetch_wheels(lock: str) -> Path:
    """Return the folder with the lock file's wheels, which appears only when it is complete."""
    folder = WHEELS / fingerprint(lock, PIP, *PLATFORMS, *ABIS)
    if not folder.exists():
        say(f"fetching the wheels of {LOCK}")
        WHEELS.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=WHEELS) as scratch:
            download(lock, Path(scratch))
            keep(Path(scratch, "wheels"), folder)
    return folder


def download(lock: str, scratch: Path) -> None:
    """Download the wheels into the folder `wheels` of `scratch`."""
    pinned = scratch / LOCK
    pinned.write_text(lock)
    command = [find_uv(), "tool", "run", "--python", sys.executable, "--from", PIP, "pip"]
    options = ["--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:"]
    glue = ["--python-version=3.11", "--implementation=cp", *flags("platform", PLATFORMS)]
    files = ["--requirement", str(pinned), "--dest", str(scratch / "wheels")]
    wanted = [*options, *glue, *flags("abi", ABIS), *files]
    try:
        run("wheels", [*command, "download", *wanted], uv_environment())
    except InstallError as error:
        raise ReleaseError(f"{error}\n\n{UNREACHABLE}") from None


def flags(name: str, values: Iterable[str]) -> list[str]:
    """Return an option of pip that is given several times."""
    return [f"--{name}={value}" for value in values]


def keep(fetched: Path, folder: Path) -> None:
    """Give the fetched wheels their place, unless another build was quicker."""
    try:
        fetched.rename(folder)
    except OSError:
        if not folder.exists():
            raise
        shutil.rmtree(fetched)
