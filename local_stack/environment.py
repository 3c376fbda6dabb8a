"""The environment variables of what the stack runs: its own AWS and Airflow, no other."""

import os
from pathlib import Path

from local_aws.settings import client_environment

MARK = "LAKEHOUSE_STACK"
"""Every process of a stack carries this variable, with the folder of its stack as value."""

FOREIGN = ("AWS_", "AIRFLOW_", "LAKEHOUSE_", "SPARK_", "PYTHONPATH", "VIRTUAL_ENV")


def stack_environment(endpoint: str, folder: Path) -> dict[str, str]:
    """Return this process's environment, with local AWS at `endpoint` as the only AWS there is."""
    kept = {name: value for name, value in os.environ.items() if not is_foreign(name)}
    return {
        **kept,
        **client_environment(endpoint),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "LAKEHOUSE_ENVIRONMENT": "local",
        MARK: str(folder),
        "SPT_NOENV": "1",  # Airflow renames its processes, by default over their environment
        "NO_COLOR": "1",
    }


def is_foreign(name: str) -> bool:
    """Tell whether a variable could lead to another AWS or Airflow, or through a proxy."""
    return name.startswith(FOREIGN) or name.lower().endswith("_proxy")


def enter(endpoint: str, folder: Path) -> None:
    """Make local AWS the one that this process talks to."""
    environment = stack_environment(endpoint, folder)
    os.environ.clear()
    os.environ.update(environment)


def airflow_environment(home: Path, project: Path, port: int) -> dict[str, str]:
    """Return Airflow's configuration: `project`'s DAGs and plugins, all else under `home`."""
    url = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__DAGS_FOLDER": str(project / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # A task's page asks the log server of the host that runs it. There is none, because it
        # would listen on every interface; without a host the page reads the file, which is here.
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "builtins.str",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(project / "plugins"),
        # How often it looks whether wait_for_files has waited long enough, by default every 15 s.
        "AIRFLOW__SCHEDULER__TRIGGER_TIMEOUT_CHECK_INTERVAL": "5",
        # For so many seconds the end of a task's process can go unseen. Where a deferred task has
        # gone on by then, Airflow takes the late news for the end of that, and fails the task.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        # Now and then Airflow misses that an ended task closed its sockets, and sees its end only
        # after this time, by default a minute (apache/airflow pull request 51180).
        "AIRFLOW__WORKERS__SOCKET_CLEANUP_TIMEOUT": "5",
    }
