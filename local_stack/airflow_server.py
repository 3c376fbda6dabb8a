"""Airflow on this machine: its database, its four processes, and what the DAG needs in it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from local_stack.airflow_api import AirflowApi, is_healthy
from local_stack.environment import airflow_environment
from local_stack.lines import last_lines, say
from local_stack.paths import AIRFLOW_PYTHON, DEPLOYMENT, ROOT
from local_stack.processes import Process, start
from local_stack.waiting import StackError, wait_for

AIRFLOW_HOME = "airflow"
DAG_ID = "orders_lakehouse"
SERVICES = {
    "airflow-api-server": ["api-server"],
    "airflow-scheduler": ["scheduler", "--skip-serve-logs"],
    "airflow-dag-processor": ["dag-processor"],
    "airflow-triggerer": ["triggerer", "--skip-serve-logs"],
}


@dataclass(frozen=True)
class AirflowServer:
    """Airflow in one folder, on one port; `aws` is the environment that leads to local AWS."""

    folder: Path
    port: int
    aws: Mapping[str, str]

    def launch(self, name: str, *arguments: str) -> Process:
        """Start one Airflow command, without this checkout on its path: MWAA has none either."""
        settings = airflow_environment(self.folder / AIRFLOW_HOME, ROOT, self.port)
        command: list[str | Path] = [AIRFLOW_PYTHON, "-P", "-m", "airflow", *arguments]
        return start(name, command, {**self.aws, **settings}, self.folder / "logs")

    def launch_services(self) -> list[Process]:
        """Start the four processes that make up Airflow."""
        return [self.launch(name, *arguments) for name, arguments in SERVICES.items()]


def finish_migration(migration: Process) -> None:
    """Wait until the database is made; with it Airflow made its configuration and its keys.

    Raises:
        StackError: it could not be made; with the end of its log.
    """
    if psutil.Process(migration.pid).wait() != 0:
        lines = last_lines(Path(migration.log))
        raise StackError(f"Airflow's database can't be made; the end of {migration.log}:\n{lines}")
    say("Airflow's database is ready")


def make_ready(
    url: str, find_password: Callable[[], str | None], processes: Iterable[Process] = ()
) -> AirflowApi:
    """Return Airflow's interface once it is healthy, knows the DAG and has the pool.

    Raises:
        StackError: a process has ended, or the DAG can't be read.
    """
    wait_for("Airflow", lambda: is_healthy(url), processes)
    api = AirflowApi(url, wait_for("its login", find_password, processes))
    api.set_pool(yaml.safe_load(DEPLOYMENT.read_text())["airflow"]["pool"])
    wait_for(f"DAG {DAG_ID}", lambda: find_dag(api), processes)
    api.unpause(DAG_ID)
    return api


def find_dag(api: AirflowApi) -> str | None:
    """Return the DAG's id once Airflow has read it.

    Raises:
        StackError: a DAG file can't be read.
    """
    if errors := api.import_errors():
        raise StackError("Airflow can't read a DAG file:\n" + "\n".join(errors))
    return DAG_ID if api.dag(DAG_ID) else None
