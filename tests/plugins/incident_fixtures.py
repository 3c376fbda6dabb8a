"""Failures as Airflow tells of them, and the queues that get the messages about them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from lakehouse_airflow.alerts import FailureNotifier, notify_failure
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import utc_text

from tests.plugins.airflow_fixtures import Bucket, Queue, Record, queue_on_topic

LATEST = "_incidents/latest.json"
JOBS, QUALITY = "orders-lakehouse-job-failures", "orders-lakehouse-data-quality"
DELAYS = "orders-lakehouse-processing-delays"
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def failed_task(
    task_id: str = "load_delta", try_number: int = 3, xcom: Any = "jr_1", **context: Any
) -> Any:
    """Return the context of a failure callback, as far as the callback looks at it."""

    def xcom_pull(task_ids: str, key: str) -> Any:
        assert (task_ids, key) == (task_id, "glue_job_run_id")
        if isinstance(xcom, Exception):
            raise xcom
        return xcom

    def get_task_states(dag_id: str, run_ids: list[str]) -> dict[str, dict[str, str]]:
        assert dag_id == "orders_lakehouse"
        return {run_id: {"plan_batch": "success", task_id: "failed"} for run_id in run_ids}

    ti = SimpleNamespace(
        dag_id="orders_lakehouse",
        task_id=task_id,
        run_id="manual__1",
        try_number=try_number,
        max_tries=2,
        log_url="http://airflow/log",
        xcom_pull=xcom_pull,
        get_task_states=get_task_states,
    )
    return {
        "ti": ti,
        "task": SimpleNamespace(on_failure_callback=[]),
        "run_id": "manual__1",
        "dag": SimpleNamespace(dag_id="orders_lakehouse"),
        "dag_run": SimpleNamespace(logical_date=NOON),
        "exception": ValueError("no table"),
        **context,
    }


@dataclass(frozen=True)
class Inbox:
    """What people who subscribed to the topics get."""

    queues: dict[str, Queue]

    def read(self, *topics: str) -> list[Record]:
        """Return and remove what has arrived on these topics, by default on all."""
        wanted = topics or tuple(self.queues)
        return [message for topic in wanted for message in self.queues[topic].messages()]

    def subjects(self, *topics: str) -> list[str]:
        """Return the subjects of it, without the DAG run's name."""
        return [message["Subject"].partition(" (")[0] for message in self.read(*topics)]


@pytest.fixture
def inbox(bucket: Bucket, deployment: Deployment) -> Inbox:
    """Queues on the topics of failures and of what is published."""
    topics = (JOBS, QUALITY, DELAYS, deployment.sns_topics.published)
    return Inbox({topic: queue_on_topic(topic) for topic in topics})


@pytest.fixture
def fail(inbox: Inbox, deployment: Deployment) -> FailureNotifier:
    """The callback of a task, to the topic of job failures."""
    return notify_failure(deployment, JOBS)


def set_back(bucket: Bucket, topic: str, **ago: timedelta | None) -> None:
    """Move times of the latest incident's topic into the past; None takes one away."""
    incident = bucket.record(LATEST)
    for name, how_long in ago.items():
        if how_long is None:
            del incident["topics"][topic][name]
        else:
            incident["topics"][topic][name] = utc_text(datetime.now(UTC) - how_long)
    bucket.put_record(LATEST, incident)
