"""The Glue side of the set-up: database, jobs, crawler, external tables."""

from contextlib import suppress
from typing import Any

from local_aws.external_tables import external_table
from local_aws.spark_defaults import DELTA_CONF

# One value with the settings chained, as Glue's documentation has it.
DELTA_CHAIN = " --conf ".join(f"{name}={value}" for name, value in DELTA_CONF.items())


def put_database(glue: Any, name: str) -> None:
    """Make the database if it is not there."""
    with suppress(glue.exceptions.AlreadyExistsException):
        glue.create_database(DatabaseInput={"Name": name})


def put_external_table(glue: Any, facts: dict[str, Any], table: dict[str, Any]) -> None:
    """Make the table that no crawler makes, or bring it up to date."""
    where = {"DatabaseName": facts["crawler"]["database"]}
    definition = external_table(facts, table)
    try:
        glue.create_table(**where, TableInput=definition)
    except glue.exceptions.AlreadyExistsException:
        glue.update_table(**where, TableInput=definition)


def put_job(
    glue: Any, facts: dict[str, Any], job: dict[str, Any], role: str, arguments: dict[str, str]
) -> None:
    """Make the job, or bring it up to date."""
    name, definition = job["name"], job_definition(facts, job, role, arguments)
    try:
        glue.create_job(Name=name, **definition)
    except glue.exceptions.AlreadyExistsException:
        glue.update_job(JobName=name, JobUpdate=definition)


def job_definition(
    facts: dict[str, Any], job: dict[str, Any], role: str, arguments: dict[str, str]
) -> dict[str, Any]:
    """Return the job as Glue takes it."""
    script = f"s3://{facts['bucket']}/{facts['prefixes']['glue_assets']}{job['script']}"
    return {
        "Role": role,
        "Command": {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": script},
        "GlueVersion": facts["glue"]["version"],
        "WorkerType": job["worker_type"],
        "NumberOfWorkers": job["workers"],
        "Timeout": job["timeout_minutes"],
        "MaxRetries": facts["glue"]["max_retries"],
        "ExecutionProperty": {"MaxConcurrentRuns": job["max_concurrent_runs"]},
        "DefaultArguments": {**default_arguments(facts["bucket"]), **arguments},
    }


def default_arguments(bucket: str) -> dict[str, str]:
    """Return the arguments that every job of ours has."""
    return {
        "--datalake-formats": "delta",
        "--conf": DELTA_CHAIN,
        "--bucket": bucket,
        "--job-bookmark-option": "job-bookmark-disable",
        "--enable-continuous-cloudwatch-log": "true",
    }


def put_crawler(glue: Any, facts: dict[str, Any], role: str, datasets: list[str]) -> None:
    """Make the crawler over every Delta table, or bring it up to date."""
    definition = crawler_definition(facts, role, datasets)
    try:
        glue.create_crawler(**definition)
    except glue.exceptions.AlreadyExistsException:
        known = glue.get_crawler(Name=definition["Name"])["Crawler"]
        # A crawler that runs can't be changed, so it is only touched when it must be.
        if any(known.get(key) != value for key, value in definition.items()):
            glue.update_crawler(**definition)


def crawler_definition(facts: dict[str, Any], role: str, datasets: list[str]) -> dict[str, Any]:
    """Return the crawler as Glue takes it."""
    bucket, prefixes = facts["bucket"], facts["prefixes"]
    others = (prefixes["rejected"], prefixes["quality_results"])
    folders = [*(prefixes["processed"] + name for name in datasets), *others]
    tables = [f"s3://{bucket}/{folder.rstrip('/')}" for folder in folders]
    target = {"DeltaTables": tables, "WriteManifest": False, "CreateNativeDeltaTable": True}
    return {
        "Name": facts["crawler"]["name"],
        "Role": role,
        "DatabaseName": facts["crawler"]["database"],
        "Targets": {"DeltaTargets": [target]},
        "SchemaChangePolicy": {"UpdateBehavior": "UPDATE_IN_DATABASE", "DeleteBehavior": "LOG"},
    }
