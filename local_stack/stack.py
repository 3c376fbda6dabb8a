"""The stack: local AWS and Airflow, as processes of their own that outlive the command."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_aws.provision import provision
from local_stack.airflow_api import read_password
from local_stack.airflow_server import AIRFLOW_HOME, AirflowServer, finish_migration, make_ready
from local_stack.environment import enter, stack_environment
from local_stack.lines import say
from local_stack.paths import AIRFLOW_PYTHON, GLUE_PYTHON, JARS, JAVA_HOME, LOCAL, ROOT
from local_stack.ports import free_ports, listens
from local_stack.processes import Process, end_marked, marked, start
from local_stack.stack_state import Stack, forget_stack, read_stack, write_stack
from local_stack.waiting import StackError, wait_for

AWS_HOME = "aws"
IN_CONTAINERS = "The stack runs in containers here: say COMPOSE=1 too, or end it with make down."


def up(folder: Path = LOCAL) -> Stack:
    """Return the running stack, started if there is none; its jobs and DAG are today's code.

    Raises:
        StackError: a part did not come up, or Airflow can't read the DAG.
    """
    folder.mkdir(exist_ok=True)
    with one_at_a_time(folder):
        stack = read_stack(folder)
        if stack and stack.in_containers:
            raise StackError(IN_CONTAINERS)
        if stack:
            say(f"the stack is up: local AWS at {stack.endpoint}, Airflow at {stack.airflow_url}")
            enter(stack.endpoint, folder)
            provision(ROOT, stack.endpoint)
        else:
            end_remains(folder)
            stack = start_stack(folder)
        home = folder / AIRFLOW_HOME
        make_ready(stack.airflow_url, lambda: read_password(home), stack.processes)
    return stack


def down(folder: Path = LOCAL) -> int:
    """End every process that any `up` in this folder started; return how many there were."""
    ended = end_marked(folder)
    forget_stack(folder)
    return ended


def end_remains(folder: Path) -> None:
    """End what is left of a stack that is not whole, and forget what it kept: it starts empty."""
    if marked(folder):
        say("an earlier stack here is not whole: ending what is left of it")
    down(folder)
    for home in (AWS_HOME, AIRFLOW_HOME):
        shutil.rmtree(folder / home, ignore_errors=True)


def start_stack(folder: Path) -> Stack:
    """Start local AWS and Airflow; if a part does not come up, the others end again."""
    (folder / "logs").mkdir(exist_ok=True)
    aws_port, airflow_port = free_ports(2)
    endpoint = f"http://127.0.0.1:{aws_port}"
    try:
        processes = start_processes(folder, aws_port, airflow_port, endpoint)
    except BaseException:
        down(folder)
        raise
    stack = Stack(folder, endpoint, f"http://127.0.0.1:{airflow_port}", tuple(processes))
    write_stack(stack)
    return stack


def start_processes(folder: Path, aws_port: int, airflow_port: int, endpoint: str) -> list[Process]:
    """Start and set up local AWS while Airflow makes its database; then start Airflow."""
    environment = stack_environment(endpoint, folder)
    airflow = AirflowServer(folder, airflow_port, environment)
    importable = {**environment, "PYTHONPATH": str(ROOT)}
    aws = start("local-aws", aws_command(aws_port, folder), importable, folder / "logs")
    migration = airflow.launch("airflow-database", "db", "migrate")
    wait_for("local AWS", lambda: listens(aws_port), [aws])
    enter(endpoint, folder)
    provision(ROOT, endpoint)
    finish_migration(migration)
    return [aws, *airflow.launch_services()]


def aws_command(port: int, folder: Path) -> list[str | Path]:
    """Return the command that serves local AWS."""
    return [
        *(AIRFLOW_PYTHON, "-m", "local_aws"),
        *("--port", str(port)),
        *("--home", folder / AWS_HOME),
        *("--glue-python", GLUE_PYTHON),
        *("--jars", JARS),
        *("--java-home", Path(JAVA_HOME.read_text())),
    ]


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep two commands from starting two stacks in one folder."""
    with (folder / "stack.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
