"""``python -m local_stack``: the commands behind the Makefile's targets."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from local_stack.airflow_api import USER, AirflowRefused
from local_stack.compose import down_in_containers, made_containers, up_in_containers
from local_stack.demo import demo, password_of
from local_stack.incident import rehearse
from local_stack.install.steps import InstallError
from local_stack.lines import say
from local_stack.paths import LOCAL
from local_stack.query import QueryFailed, ask, for_batch
from local_stack.sample import write_sample
from local_stack.stack import down, up
from local_stack.stack_state import Stack, read_stack
from local_stack.tables import make_console
from local_stack.waiting import StackError

INTERRUPTED = 130
EXPECTED = (
    StackError,
    QueryFailed,
    AirflowRefused,
    InstallError,
    BotoCoreError,
    ClientError,
    OSError,
)
NO_QUERY = 'What shall be asked? make query SQL="select count(*) from orders", or FILE=query.sql'


def run_up(arguments: argparse.Namespace) -> bool:
    """Start the stack and say where it is."""
    stack = start_of(arguments)()
    say(f"Airflow is at {stack.airflow_url}, login {USER}, password {password_of(stack)}")
    say(f"AWS is at {stack.endpoint}")
    return True


def start_of(arguments: argparse.Namespace) -> Callable[[], Stack]:
    """Return what brings the stack up: as processes, or with ``--compose`` in containers."""
    return up_in_containers if arguments.compose else up


def run_down(_: argparse.Namespace) -> bool:
    """End the stack."""
    ended, removed = down(), down_in_containers()
    if removed:
        say("containers, networks and volumes removed; the images stay")
    if ended or not removed:
        say(f"{ended} processes ended" if ended else "nothing was running")
    return True


def run_demo(arguments: argparse.Namespace) -> bool:
    """Load files and show what became of them."""
    raw = Path(arguments.raw).expanduser() if arguments.raw else None
    return demo(raw, make_console(), start_of(arguments))


def run_incident(arguments: argparse.Namespace) -> bool:
    """Break a batch, mend it, and show the alerts."""
    return rehearse(make_console(), start_of(arguments))


def run_query(arguments: argparse.Namespace) -> bool:
    """Print the answer to a query."""
    sql = Path(arguments.file).expanduser().read_text() if arguments.file else arguments.sql
    if not sql.strip():
        raise StackError(NO_QUERY)
    if arguments.batch:
        sql = for_batch(sql, arguments.batch)
    ask(sql, arguments.format, make_console())
    return True


def run_sample(_: argparse.Namespace) -> bool:
    """Write the sample files."""
    folder = LOCAL / "sample"
    say(f"{len(write_sample(folder))} files written to {folder}")
    return True


RUNS = {
    "up": run_up, "down": run_down, "demo": run_demo, "incident": run_incident,
    "query": run_query, "sample": run_sample,
}  # fmt: skip


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command line; ``command`` is the function to call."""
    parser = argparse.ArgumentParser(prog="local_stack", description=__doc__)
    commands = parser.add_subparsers(required=True)
    parsers = {name: commands.add_parser(name, help=run.__doc__) for name, run in RUNS.items()}
    for name, run in RUNS.items():
        parsers[name].set_defaults(command=run)
    for name in ("up", "demo", "incident"):
        parsers[name].add_argument("--compose", action="store_true", help="in containers")
    parsers["demo"].add_argument("--raw", default="", help="folder with <dataset>/*.csv")
    parsers["query"].add_argument("--sql", default="")
    parsers["query"].add_argument("--file", default="", help="a file with the query")
    parsers["query"].add_argument("--batch", default="", help="id for the place of its braces")
    parsers["query"].add_argument("--format", default="table", choices=["table", "csv"])
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    parsed = parse(arguments)
    try:
        return 0 if parsed.command(parsed) else 1
    except EXPECTED as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"\nInterrupted. {what_stays(read_stack(), made_containers())}")
        return INTERRUPTED


def what_stays(stack: Stack | None, containers: bool = False) -> str:
    """Return what goes on after a command was interrupted."""
    if stack is None and containers:
        return "Some containers may be up: make down removes them."
    if stack is None:
        return "Nothing is left running."
    return f"The stack stays up: see {stack.airflow_url}; make down ends it."


if __name__ == "__main__":
    sys.exit(main())
