"""Planning: which file versions of ``raw/`` are the next batch, frozen in its manifest."""

import logging
from pathlib import Path

from airflow.sdk.exceptions import AirflowSkipException

from lakehouse_airflow.batches import OPEN_BATCH
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.manifest import freeze_manifest
from lakehouse_airflow.records import Record, Records, batch_records

log = logging.getLogger(__name__)


def plan_batch(deployment: Deployment, contract_path: Path, dag_run_id: str) -> str:
    """Return the batch of a DAG run: its own, else the open one, else what lies in ``raw/`` now.

    Raises:
        AirflowSkipException: nothing to load.
        BucketNotVersioned: the bucket keeps no versions.
    """
    records = batch_records(deployment)
    run_record = f"_runs/{dag_run_id}.json"
    planned = (
        records.read(run_record)
        or records.read(OPEN_BATCH)
        or records.create(OPEN_BATCH, _freeze(deployment, records, contract_path, dag_run_id))
    )
    batch_id: str = records.create(run_record, planned)["batch_id"]
    log.info("DAG run %s works on batch %s", dag_run_id, batch_id)
    return batch_id


def _freeze(
    deployment: Deployment, records: Records, contract_path: Path, dag_run_id: str
) -> Record:
    batch_id = freeze_manifest(deployment, records, contract_path, dag_run_id)
    if batch_id is None:
        raise AirflowSkipException(f"no file of a known dataset in {deployment.prefixes.raw}")
    return {"batch_id": batch_id}
