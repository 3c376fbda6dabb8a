"""A container engine: the machine's, or one that is started for the tests and leaves no trace."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

import psutil

from local_stack.lines import last_lines, say
from tests.compose.engine_network import network_as_before

START_SECONDS = 60
STOP_SECONDS = 60
NO_ENGINE = (
    "No container engine answers, and none can be started here: that takes root and dockerd "
    "(on Debian: apt install docker.io docker-compose debootstrap iptables)."
)


@contextmanager
def engine() -> Iterator[None]:
    """Have ``docker`` answer: where none does, by an engine that is gone afterwards.

    Raises:
        RuntimeError: none answers, and none can be started.
    """
    if answers():
        yield
        return
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        raise RuntimeError(NO_ENGINE)
    with own_engine():
        yield


def answers() -> bool:
    """Return whether an engine answers."""
    return subprocess.run(["docker", "info"], capture_output=True).returncode == 0


@contextmanager
def own_engine() -> Iterator[None]:
    """Run an engine in a folder of its own; take it, its mounts and its network away again."""
    folder = Path(mkdtemp(prefix="lakehouse-engine-"))
    with ExitStack() as cleaning:
        cleaning.callback(say, "the container engine has ended, and its folder is gone")
        cleaning.callback(shutil.rmtree, folder)
        cleaning.callback(unmount, folder)
        cleaning.enter_context(network_as_before())
        daemon = start_daemon(folder)
        cleaning.callback(stop_daemon, daemon)
        cleaning.enter_context(pointed_at(f"unix://{folder}/docker.sock"))
        wait_for_daemon(daemon, folder)
        yield


@contextmanager
def pointed_at(host: str) -> Iterator[None]:
    """Let clients talk to this engine; it has no BuildKit."""
    variables = {"DOCKER_HOST": host, "DOCKER_BUILDKIT": "0"}
    before = {name: os.environ[name] for name in variables if name in os.environ}
    os.environ |= variables
    try:
        yield
    finally:
        for name in variables:
            os.environ.pop(name, None)
        os.environ |= before


def start_daemon(folder: Path) -> subprocess.Popen[bytes]:
    """Start dockerd in a session of its own, so that Ctrl-C leaves it for the cleaning up."""
    say(f"no container engine answers: starting one in {folder}")
    places = {"data-root": "data", "exec-root": "exec", "pidfile": "pid"}
    options = [f"--{name}={folder / place}" for name, place in places.items()]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            ["dockerd", f"--host=unix://{folder}/docker.sock", *options],
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def wait_for_daemon(daemon: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait until it answers; fail with the end of its log."""
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        ended = daemon.poll() is not None or time.monotonic() > deadline
        assert not ended, f"dockerd did not start:\n{last_lines(folder / 'log')}"
        time.sleep(0.5)


def stop_daemon(daemon: subprocess.Popen[bytes]) -> None:
    """End dockerd and all that it started."""
    started = psutil.Process(daemon.pid).children(recursive=True) if daemon.poll() is None else []
    daemon.send_signal(signal.SIGTERM)
    try:
        daemon.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
    for process in started:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def unmount(folder: Path) -> None:
    """Unmount what is still mounted under the folder, innermost first."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in sorted((each for each in mounts if each.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", mount], check=True)
