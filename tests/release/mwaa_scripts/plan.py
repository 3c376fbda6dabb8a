"""Call the DAG's task plan_batch; print the id of the batch."""

import json
from pathlib import Path

from airflow import settings
from airflow.dag_processing.dagbag import BundleDagBag
from airflow.providers.standard.operators.python import PythonOperator

folder = Path(settings.DAGS_FOLDER)
bag = BundleDagBag(folder, bundle_path=folder, bundle_name="release")
plan_batch = bag.dags["orders_lakehouse"].get_task("plan_batch")
assert isinstance(plan_batch, PythonOperator)
print(json.dumps(plan_batch.python_callable("manual__release", "")))
