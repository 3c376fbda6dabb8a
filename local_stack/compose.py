"""The stack in containers: ``docker-compose.yaml`` brought up, asked and taken down."""

import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from local_stack.airflow_api import USER
from local_stack.airflow_server import make_ready
from local_stack.environment import enter
from local_stack.install.steps import run
from local_stack.lines import say
from local_stack.paths import LOCAL, ROOT
from local_stack.stack import one_at_a_time
from local_stack.stack_state import Stack, forget_stack, read_stack, write_stack
from local_stack.waiting import StackError

MARK = "compose"
"""The file that says that there are containers: from before the first until after the last."""

COMMANDS = (("docker", "compose"), ("docker-compose",))
LOGINS = "/opt/airflow/secrets/logins.json"

NO_COMPOSE = (
    "COMPOSE=1 needs Docker with Compose (docker compose, or docker-compose 1.29), and neither is "
    "here. Without COMPOSE=1 no container engine is needed."
)
NO_ENGINE = "COMPOSE=1 needs a container engine, and none answers: start Docker.\n{}"
IN_PROCESSES = "The stack runs without containers here: leave COMPOSE out, or make down first."


def up_in_containers(folder: Path = LOCAL) -> Stack:
    """Return the stack of containers, with images and containers of today's code.

    Raises:
        StackError: there is no engine, or the stack does not come up.
        InstallError: an image can't be built, or a container does not start; with the log's end.
    """
    folder.mkdir(exist_ok=True)
    with one_at_a_time(folder):
        running = read_stack(folder)
        if running and not running.in_containers:
            raise StackError(IN_PROCESSES)
        require_engine()
        (folder / MARK).touch()
        say("building the images: the first time it takes minutes")
        run("compose-build", [*command(), "build"], environment())
        say("starting the containers")
        run("compose-up", [*command(), "up", "-d", "--remove-orphans"], environment())
        stack = Stack(
            folder, address("local-aws", 4566), address("airflow-api-server", 8080), (), True
        )
        write_stack(stack)
        make_ready(stack.airflow_url, password_in_containers)
        enter(stack.endpoint, folder)
    return stack


def down_in_containers(folder: Path = LOCAL) -> bool:
    """Remove containers, network and volumes of `up_in_containers`; tell whether it made any."""
    if not made_containers(folder):
        return False
    require_engine()
    arguments = ["down", "--volumes", "--remove-orphans", "--timeout", "5"]
    run("compose-down", [*command(), *arguments], environment())
    (folder / MARK).unlink()
    forget_stack(folder)
    return True


def made_containers(folder: Path = LOCAL) -> bool:
    """Tell whether there may be containers of `up_in_containers`."""
    return (folder / MARK).exists()


@cache
def environment() -> Mapping[str, str]:
    """Return what was said of engine, images and ports before `enter` took Airflow's away."""
    return dict(os.environ)


@cache
def command() -> tuple[str, ...]:
    """Return the words that call Compose here.

    Raises:
        StackError: there is none.
    """
    for words in COMMANDS:
        try:
            subprocess.run([*words, "version"], capture_output=True, check=True, env=environment())
        except (OSError, subprocess.CalledProcessError):
            continue
        return words
    raise StackError(NO_COMPOSE)


def require_engine() -> None:
    """Do nothing when a container engine answers.

    Raises:
        StackError: none does.
    """
    answer = ask("ps", "-q")
    if answer.returncode != 0:
        raise StackError(NO_ENGINE.format(answer.stderr.strip()))


def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Return what Compose says to a short question."""
    return subprocess.run(
        [*command(), *arguments], cwd=ROOT, env=environment(), capture_output=True, text=True
    )


def address(service: str, port: int) -> str:
    """Return where a port of a service is published.

    Raises:
        StackError: it is not.
    """
    answer = ask("port", service, str(port))
    if answer.returncode != 0:
        raise StackError(f"{service} does not run: {answer.stderr.strip()}")
    return f"http://{answer.stdout.strip()}"


def password_in_containers() -> str:
    """Return the password of Airflow's administrator, from the volume of secrets."""
    answer = ask("exec", "-T", "airflow-api-server", "cat", LOGINS)
    if answer.returncode != 0:
        raise StackError(f"airflow-api-server does not run: {answer.stderr.strip()}")
    return str(json.loads(answer.stdout)[USER])
