"""Read the DAGs and plugins as Airflow does; print what was found, and what could not be read."""

import importlib
import importlib.util
import json
import pkgutil
import sys
from pathlib import Path

from airflow import plugins_manager, settings
from airflow.dag_processing.dagbag import BundleDagBag

folder = Path(settings.DAGS_FOLDER)
bag = BundleDagBag(folder, bundle_path=folder, bundle_name="release")
package = importlib.import_module("lakehouse_airflow")
modules = [name for _, name, _ in pkgutil.iter_modules(package.__path__, "lakehouse_airflow.")]
found = {
    "dags": {dag_id: dag.task_ids for dag_id, dag in bag.dags.items()},
    "import_errors": bag.import_errors,
    "plugin_errors": plugins_manager.get_import_errors(),
    "deadlines": list(plugins_manager.get_deadline_references_plugins()),
    "run_by_the_loader": [
        name
        for name, module in sys.modules.items()
        if str(getattr(module, "__file__", "")).startswith(str(settings.PLUGINS_FOLDER))
        and not name.startswith("lakehouse_airflow")
    ],
    "modules": {name: importlib.import_module(name).__file__ for name in modules},
    "tests_tools": [name for name in ("pytest", "moto") if importlib.util.find_spec(name)],
}
print(json.dumps(found, default=str))
