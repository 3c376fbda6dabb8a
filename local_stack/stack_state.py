"""What runs, written down in ``stack.json`` for the commands that come later."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from local_stack.paths import LOCAL
from local_stack.ports import listens
from local_stack.processes import Process
from local_stack.waiting import StackError

STATE = "stack.json"
NOT_RUNNING = "Nothing is running here: start the stack with make up."


@dataclass(frozen=True)
class Stack:
    """A started stack: where it listens, its processes, and the folder with its files.

    In containers it has no processes of ours: the engine starts what has ended again.
    """

    folder: Path
    endpoint: str
    airflow_url: str
    processes: tuple[Process, ...]
    in_containers: bool = False

    @property
    def ports(self) -> dict[str, int]:
        """Return the loopback ports of ``aws`` and ``airflow``."""
        urls = {"aws": self.endpoint, "airflow": self.airflow_url}
        return {name: int(urlsplit(url).port or 0) for name, url in urls.items()}

    def is_alive(self) -> bool:
        """Tell whether all of its processes live; of containers, whether they answer."""
        if self.in_containers:
            return all(listens(port) for port in self.ports.values())
        return all(process.is_alive() for process in self.processes)


def read_stack(folder: Path = LOCAL) -> Stack | None:
    """Return the stack in `folder` if it runs, with all its processes."""
    try:
        state = json.loads((folder / STATE).read_text())
    except FileNotFoundError:
        return None
    processes = tuple(Process(**process) for process in state["processes"])
    places = (folder, state["endpoint"], state["airflow_url"])
    stack = Stack(*places, processes, state.get("in_containers", False))
    return stack if stack.is_alive() else None


def running_stack(folder: Path = LOCAL) -> Stack:
    """Return the stack in `folder`.

    Raises:
        StackError: it does not run.
    """
    stack = read_stack(folder)
    if stack is None:
        raise StackError(NOT_RUNNING)
    return stack


def write_stack(stack: Stack) -> None:
    """Write the stack down, as `read_stack` takes it, with the ports by name."""
    state = {
        "endpoint": stack.endpoint,
        "airflow_url": stack.airflow_url,
        "ports": stack.ports,
        "processes": [asdict(process) for process in stack.processes],
        "in_containers": stack.in_containers,
    }
    written = stack.folder / f"{STATE}.new"
    written.write_text(json.dumps(state, indent=1))
    written.replace(stack.folder / STATE)


def forget_stack(folder: Path) -> None:
    """Forget the stack that was written down, if any."""
    (folder / STATE).unlink(missing_ok=True)
