"""# Orders lakehouse

## What

Loads the CSV files under `raw/` into the Delta tables `orders`, `order_items` and `products`,
checks them with Soda, publishes them to Athena, archives the files. Without files, all is skipped.

## Triage

Any task may be cleared at any time, "with downstream": no row is loaded twice, no file is lost.
`plan_batch` returns the batch id; what happened to a batch is written under `batches/<batch_id>/`.
`docs/runbook.md` says more of each task, and of the messages: one per incident, until it is over.

* `wait_for_files`: `raw/` can't be listed (no files is a skip). Mend bucket or rights, clear it.
* `plan_batch`: a file can't be read, or the bucket keeps no versions. The log names it; clear it.
  A batch that can't be mended: trigger a run with `set_aside`, its id. `plan_batch` moves its files
  to `archive/set_aside/<batch_id>/`, and the same run goes on with what is left in `raw/`, newer
  versions of those files too. Where it refuses, the log says what to do before you trigger again.
* `load_delta`: its Glue job failed three times, or a person stopped it. See its Glue log, clear it.
  What another try would meet again it says at once, and is not tried again.
  It fails before any table is touched when a file or the contract's version has changed (clear
  `plan_batch`), when another job holds the lease (clear it later), or when too many rows are
  rejected: ask `batch_rejects` why (`include/sql/rejects_by_reason.sql`), then mend the file, or
  the contract and its version, and clear `plan_batch`; or trigger a new run with a higher
  `max_reject_share`, which takes up the same batch (a cleared task has its run's parameters).
* `check_quality`: the scan could not be made. Read the Glue log, mend the checks, clear it.
* `quality_gate`: the data is not good enough, see the log. Mend the file or the contract and clear
  `plan_batch`, or mend the check and clear `load_delta`. A run with `on_failing_verdict`: `keep`
  leaves the batch in the tables, unpublished: mend the check and clear `check_quality`, or trigger
  a run with `undo`. Runs that do not choose, as the scheduled ones, do as was chosen before.
* `undo_batch`: readers still see the bad batch. Urgent: read the Glue log, clear it.
* `run_crawler`: Athena may miss new tables or columns. Look at the crawler in Glue, clear it.
* `query_*`: Athena does not answer over the new data; the log has its reason, clear it. Or Athena
  counts other rows than the ledger, and the log has both numbers: somebody else writes to the
  tables (their Delta history says who), or a row lies in the partition of another day. Nothing is
  published or archived before that is mended; then clear it.
* `publish_batch`: all is verified, only the mark is missing. Clear it.
* `archive_files`: a file could not be moved; the log names it and says what to do. Clear it.
* `publish_metrics`, `notify_success`: the data is fine, nobody was told. Clear it when convenient.

## Owner

The data platform team.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG, Param, chain
from lakehouse_airflow import (
    alerts,
    archive,
    batches,
    delays,
    intake,
    limits,
    metrics,
    publication,
    quality,
    set_aside,
)
from lakehouse_airflow.crawling import FreshCrawlOperator
from lakehouse_airflow.deployment import read_deployment
from lakehouse_airflow.operators import DeltaGlueJobOperator
from lakehouse_airflow.sensors import RawFilesSensor
from lakehouse_airflow.verification import VERIFICATIONS, VerifyingAthenaOperator

INCLUDE = Path(__file__).parent / "include"
CONTRACT = INCLUDE / "contracts" / "orders_lakehouse.odcs.yaml"
FACTS = read_deployment(INCLUDE / "lakehouse.yaml")
AIRFLOW, JOBS, TOPICS = FACTS.airflow, FACTS.glue_jobs, FACTS.sns_topics
BATCH_ID = "{{ ti.xcom_pull(task_ids='plan_batch') or '' }}"
# 0: a failed check of severity "fail" closes the gate at any score. Above 0, warnings can take a
# batch back too, which a person should choose.
MIN_SCORE = Param(0, type="number", minimum=0, maximum=100, title="Lowest quality score")
SCOPE = Param(
    "batch",
    type="string",
    enum=["batch", "tables"],
    title="What the checks look at",
    description="What the batch touched, or whole tables.",
)

glue_job = partial(DeltaGlueJobOperator, deployment=FACTS, batch_id=BATCH_ID)


def step(function: Callable[..., Any], *more: str, **options: Any) -> PythonOperator:
    """Return the task that calls a function with the deploy facts, the batch id and `more`."""
    callee = partial(function, FACTS)
    return PythonOperator(python_callable=callee, op_args=[BATCH_ID, *more], **options)


with DAG(
    "orders_lakehouse",
    schedule=AIRFLOW.schedule,
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["lakehouse", "orders"],
    params={
        "min_quality_score": MIN_SCORE,
        "on_failing_verdict": quality.on_failing_param(),
        "quality_scope": SCOPE,
        "set_aside": set_aside.set_aside_param(),
        delays.PARAM: delays.late_param(),
        **limits.limit_params(),
    },
    dagrun_timeout=timedelta(minutes=AIRFLOW.dag_run_timeout_minutes),
    deadline=delays.late_alert(FACTS),
    on_failure_callback=alerts.notify_failure(FACTS, TOPICS.job_failures),
    template_searchpath=[str(INCLUDE / "sql")],
    default_args={
        "owner": "data-platform",
        "region_name": FACTS.region,
        "deferrable": True,
        "retries": AIRFLOW.retries,
        "retry_delay": timedelta(seconds=AIRFLOW.retry_delay_seconds),
        "retry_exponential_backoff": 2,
        "max_retry_delay": timedelta(seconds=AIRFLOW.max_retry_delay_seconds),
        "on_failure_callback": alerts.notify_failure(FACTS, TOPICS.job_failures),
    },
):
    wait_for_files = RawFilesSensor(
        task_id="wait_for_files",
        bucket_name=FACTS.bucket,
        bucket_key=f"{FACTS.prefixes.raw}*/*.csv",
        wildcard_match=True,
        poke_interval=AIRFLOW.poll_seconds.sensor,
        timeout=AIRFLOW.sensor_timeout_seconds,
    )
    plan_batch = PythonOperator(
        task_id="plan_batch",
        python_callable=partial(intake.plan_batch, FACTS, CONTRACT),
        op_args=["{{ run_id }}", "{{ params.set_aside or '' }}"],
    )
    load_delta = glue_job(
        task_id="load_delta",
        job=JOBS.load,
        requires=publication.prepare_load,
        job_args=limits.LOAD_ARGS,
        pool=AIRFLOW.pool.name,
    )
    check_quality = glue_job(
        task_id="check_quality",
        job=JOBS.quality,
        requires=batches.require_loaded,
        job_args={"scope": "{{ params.quality_scope }}"},
        pool=AIRFLOW.pool.name,
    )
    quality_gate = step(
        quality.pass_quality_gate,
        "{{ params.min_quality_score }}",
        "{{ params.on_failing_verdict or '' }}",
        task_id="quality_gate",
        retries=0,
        on_failure_callback=alerts.notify_failure(FACTS, TOPICS.data_quality),
        doc_md="No retries: looking at a report again changes no verdict.",
    )
    undo_batch = glue_job(
        task_id="undo_batch",
        job=JOBS.undo,
        requires=quality.require_failing_verdict,
        pool=AIRFLOW.pool.name,
        trigger_rule="one_failed",
    )
    run_crawler = FreshCrawlOperator(task_id="run_crawler", deployment=FACTS, batch_id=BATCH_ID)
    queries = [
        VerifyingAthenaOperator(
            task_id=f"query_{name}", deployment=FACTS, batch_id=BATCH_ID, verification=name
        )
        for name in VERIFICATIONS
    ]
    publish_batch = step(publication.publish_batch, "{{ run_id }}", task_id="publish_batch")
    archive_files = step(archive.archive_files, task_id="archive_files")
    publish_metrics = step(
        metrics.publish_metrics, task_id="publish_metrics", trigger_rule="all_done"
    )
    notify_success = step(alerts.notify_success, task_id="notify_success")

    chain(wait_for_files, plan_batch, load_delta, check_quality, quality_gate, run_crawler, queries)
    chain(queries, publish_batch, archive_files, notify_success)
    chain(quality_gate, undo_batch)
    chain([plan_batch, archive_files, undo_batch], publish_metrics, notify_success)
