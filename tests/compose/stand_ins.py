"""Stand-ins for the base images, from Debian's packages, for machines that can't pull images.

They hold this machine's certificates, and what it told apt and pip: they are removed after the
tests and must not go anywhere. Debian 12 has Python 3.11, so Airflow's stand-in has it too.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from local_stack.install.uv import pip_settings, pip_variables
from local_stack.lines import say

HERE = Path(__file__).parent / "stand_ins"
NAME = "lakehouse-stand-in"
VARIABLES = {"airflow": "AIRFLOW_BASE", "python": "PYTHON_BASE", "postgres": "POSTGRES_BASE"}
RELEASE = "bookworm"
PACKAGES = "python3,python3-venv,ca-certificates"
CERTIFICATES = Path("usr/local/share/ca-certificates")
BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TOLD_PIP = ("index-url", "extra-index-url")
TOLD_ALL = ("http_proxy", "https_proxy", "no_proxy")
NO_DEBIAN = (
    "The stand-ins are built with debootstrap from this machine's Debian mirror: there is no {}. "
    "Or name images to use instead: AIRFLOW_BASE=… PYTHON_BASE=… POSTGRES_BASE=… make test-compose"
)


@contextmanager
def stand_ins() -> Iterator[dict[str, str]]:
    """Give the base images by build argument; those that the environment names are taken."""
    named = {name: os.environ[name] for name in VARIABLES.values() if name in os.environ}
    made = [image for image, variable in VARIABLES.items() if variable not in named]
    try:
        if made:
            import_debian()
        for image in made:
            say(f"building the stand-in for {VARIABLES[image]}")
            docker("build", "--quiet", "--tag", f"{NAME}/{image}", str(HERE / image))
        yield named | {VARIABLES[image]: f"{NAME}/{image}" for image in made}
    finally:
        remove_images(f"{NAME}/*")


def import_debian() -> None:
    """Make the image that all stand-ins start from.

    Raises:
        RuntimeError: this machine has no debootstrap, or no mirror of the release.
    """
    if not shutil.which("debootstrap"):
        raise RuntimeError(NO_DEBIAN.format("debootstrap"))
    say(f"debootstrap: Debian {RELEASE}")
    with TemporaryDirectory(prefix="lakehouse-debian-") as folder:
        options = ["--variant=minbase", f"--include={PACKAGES}"]
        run("debootstrap", *options, RELEASE, folder, mirror())
        for certificate in Path("/", CERTIFICATES).glob("*.crt"):
            shutil.copy(certificate, Path(folder, CERTIFICATES))
        run("chroot", folder, "update-ca-certificates")
        with subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE) as tar:
            changes = [f"--change=ENV {name}={value}" for name, value in variables().items()]
            labelled = f"--change=LABEL {NAME}=yes"
            command = ["docker", "import", labelled, *changes, "-", f"{NAME}/debian"]
            subprocess.run(command, stdin=tar.stdout, stdout=subprocess.DEVNULL, check=True)


def mirror() -> str:
    """Return where this machine gets the release from.

    Raises:
        RuntimeError: from nowhere.
    """
    wanted = ["Created-By: Packages", f"Codename: {RELEASE}", "Component: main"]
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted]
    found = subprocess.run(command, capture_output=True, text=True).stdout.split()
    if not found:
        raise RuntimeError(NO_DEBIAN.format(f"mirror of {RELEASE}"))
    return found[0]


def variables() -> dict[str, str]:
    """Return what builds and containers must know of this machine's network."""
    command = ["python3", "-m", "pip", "config", "list"]
    listing = subprocess.run(command, capture_output=True, text=True).stdout
    told = pip_settings(listing) | pip_variables()
    pip = {f"PIP_{key.upper().replace('-', '_')}": told[key] for key in TOLD_PIP if key in told}
    proxies = {name: os.environ[name] for name in TOLD_ALL if name in os.environ}
    certificates = dict.fromkeys(("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE"), BUNDLE)
    return {"PATH": PATH, **certificates, **pip, **proxies}


def remove_images(pattern: str) -> None:
    """Remove the images whose name matches, newest first, and what is left of their builds."""
    names = ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", pattern]
    if found := subprocess.run(names, capture_output=True, text=True).stdout.split():
        docker("image", "rm", "--force", *found)
    docker("image", "prune", "--force", "--filter", f"label={NAME}")


def docker(*arguments: str) -> None:
    """Run one command of docker, silently unless it fails."""
    run("docker", *arguments)


def run(*command: str) -> None:
    """Run one command; RuntimeError with the end of what it printed."""
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ended.returncode != 0:
        raise RuntimeError(f"{command[0]} {command[1]} failed:\n{ended.stdout[-3000:]}")
