"""The deploy facts of ``lakehouse.yaml``: names, limits and intervals of one deployment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

ENVIRONMENT_VARIABLE = "LAKEHOUSE_ENVIRONMENT"


class DeploymentError(Exception):
    """The deploy file lacks a fact, or has no such environment."""


@dataclass(frozen=True)
class Prefixes:
    """Where things lie in the bucket; each ends in ``/``."""

    raw: str
    archive: str
    batches: str
    published: str
    athena_queries: str


@dataclass(frozen=True)
class GlueJob:
    """One Glue job."""

    name: str
    timeout_minutes: int


@dataclass(frozen=True)
class GlueJobs:
    """The Glue jobs that the DAG runs."""

    load: GlueJob
    quality: GlueJob
    undo: GlueJob


@dataclass(frozen=True)
class Crawler:
    """The crawler and the database it publishes to."""

    name: str
    database: str


@dataclass(frozen=True)
class Athena:
    """Where queries run."""

    workgroup: str


@dataclass(frozen=True)
class Topics:
    """Names of the SNS topics; their ARNs follow from account and region."""

    job_failures: str
    data_quality: str
    processing_delays: str
    published: str


@dataclass(frozen=True)
class CloudWatch:
    """Where metrics go."""

    namespace: str


@dataclass(frozen=True)
class Pool:
    """The Airflow pool of the tasks that write Delta tables."""

    name: str


@dataclass(frozen=True)
class PollSeconds:
    """Seconds between two looks at what a task waits for."""

    sensor: int
    glue: int
    crawler: int
    athena: int


@dataclass(frozen=True)
class AirflowFacts:
    """Schedule, waits and retries of the DAG."""

    schedule: str | None
    dag_run_timeout_minutes: int
    pool: Pool
    sensor_timeout_seconds: int
    retries: int
    retry_delay_seconds: int
    max_retry_delay_seconds: int
    poll_seconds: PollSeconds


@dataclass(frozen=True)
class Deployment:
    """All deploy facts that the DAG uses; the file holds more, for others."""

    region: str
    bucket: str
    prefixes: Prefixes
    glue_jobs: GlueJobs
    crawler: Crawler
    athena: Athena
    sns_topics: Topics
    cloudwatch: CloudWatch
    airflow: AirflowFacts
    runbook: str = "docs/runbook.md"


def read_deployment(path: Path) -> Deployment:
    """Return the facts of `path`, with those of the environment that LAKEHOUSE_ENVIRONMENT names.

    Raises:
        DeploymentError: an unknown environment, a missing fact or one of the wrong type.
    """
    facts = yaml.safe_load(path.read_text(encoding="utf-8"))
    environment = os.environ.get(ENVIRONMENT_VARIABLE)
    if environment:
        facts = _overlay(facts, _environment_facts(path, facts, environment))
    try:
        return TypeAdapter(Deployment).validate_python(facts)
    except ValidationError as error:
        raise DeploymentError(f"{path}: {_say(error)}") from error


def _environment_facts(path: Path, facts: Mapping[str, Any], environment: str) -> Mapping[str, Any]:
    environments: Mapping[str, Mapping[str, Any]] = facts.get("environments", {})
    if environment not in environments:
        raise DeploymentError(
            f"{path}: {ENVIRONMENT_VARIABLE} is {environment!r}, "
            f"but the file knows only: {', '.join(environments) or 'none'}"
        )
    return environments[environment]


def _overlay(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `over`; mappings are merged, all else is replaced."""
    merged = dict(base)
    for key, value in over.items():
        both_mappings = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _overlay(merged[key], value) if both_mappings else value
    return merged


def _say(error: ValidationError) -> str:
    """Return pydantic's findings as ``airflow.retries: Field required; …``."""
    return "; ".join(
        f"{'.'.join(map(str, finding['loc']))}: {finding['msg']}" for finding in error.errors()
    )
