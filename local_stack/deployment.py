"""The deploy facts and the datasets, as far as the demo and the queries need them."""

from dataclasses import dataclass
from typing import Any

import yaml

from local_stack.paths import CONTRACT, DEPLOYMENT

INBOX = "orders-lakehouse-inbox"
"""The queue that gets every message of every topic, so that people can see them here."""


@dataclass(frozen=True)
class Deployment:
    """Names from the deploy file; prefixes end in ``/``."""

    bucket: str
    raw: str
    batches: str
    athena_queries: str
    database: str
    workgroup: str
    pool: dict[str, Any]


def read_deployment() -> Deployment:
    """Return the names of this project's deployment."""
    facts = yaml.safe_load(DEPLOYMENT.read_text())
    prefixes = facts["prefixes"]
    return Deployment(
        bucket=facts["bucket"],
        raw=prefixes["raw"],
        batches=prefixes["batches"],
        athena_queries=prefixes["athena_queries"],
        database=facts["crawler"]["database"],
        workgroup=facts["athena"]["workgroup"],
        pool=facts["airflow"]["pool"],
    )


def read_datasets() -> list[str]:
    """Return the names of the datasets that the contract knows."""
    return [table["name"] for table in yaml.safe_load(CONTRACT.read_text())["schema"]]
