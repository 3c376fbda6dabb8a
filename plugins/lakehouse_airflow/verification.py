"""Verification: whether readers, through Athena, see of a batch what its ledger says."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.amazon.aws.operators.athena import AthenaOperator
from airflow.sdk import Context
from airflow.sdk.exceptions import AirflowFailException

from lakehouse_airflow.batches import VERIFIED, Batch, batch_of
from lakehouse_airflow.deployment import Deployment
from lakehouse_airflow.records import Record, utc_text

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient

# The queries of include/sql/ that verify a batch, and the datasets whose rows each of them counts.
VERIFICATIONS = {
    "rows_per_batch": ("orders", "order_items", "products"),
    "partition_pruning": ("orders", "order_items"),
    "tables_joined": ("order_items",),
}
WRITTEN = ("inserted", "updated")


class ReadersSeeOtherwise(AirflowFailException):
    """Athena counts other rows than the ledger; the message has both numbers."""


class VerifyingAthenaOperator(AthenaOperator):
    """Runs one of VERIFICATIONS, and fails unless it counts the rows that the batch has written.

    The answer has the columns ``dataset`` and ``rows_seen``; all rows of a dataset are added up. A
    batch that is published is not compared again: later batches may have replaced its rows.

    :param deployment: the deploy facts
    :param batch_id: the batch (templated)
    :param verification: which query
    """

    template_fields = (*AthenaOperator.template_fields, "batch_id")

    def __init__(
        self, *, deployment: Deployment, batch_id: str, verification: str, **kwargs: Any
    ) -> None:
        """Take the deploy facts; all other arguments are an operator's own."""
        super().__init__(
            query=f"{verification}.sql",
            database=deployment.crawler.database,
            workgroup=deployment.athena.workgroup,
            output_location=f"s3://{deployment.bucket}/{deployment.prefixes.athena_queries}",
            sleep_time=deployment.airflow.poll_seconds.athena,
            region_name=deployment.region,
            deferrable=True,
            **kwargs,
        )
        self.deployment = deployment
        self.batch_id = batch_id
        self.verification = verification

    def execute(self, context: Context) -> str | None:
        """Ask Athena, once the batch is crawled; the wait is the triggerer's."""
        batch_of(self.deployment, self.batch_id).require_crawled()
        return super().execute(context)

    def execute_complete(self, context: Context, event: dict[str, Any] | None = None) -> str:
        """Compare the answer with the ledger, and write down that they agree.

        Raises:
            ReadersSeeOtherwise: they do not.
        """
        query_id: str = super().execute_complete(context, event)
        batch = batch_of(self.deployment, self.batch_id)
        batch.require_crawled()
        seen = rows_seen(self._answer(query_id))
        self.log.info("Athena counts %s", dict(seen))
        if batch.publication() is None:
            self._compare(batch, seen, query_id)
        return query_id

    def _compare(self, batch: Batch, seen: Counter[str], query_id: str) -> None:
        datasets = batch.loaded_ledger()["datasets"]
        expected = {name: rows_written(datasets[name]) for name in VERIFICATIONS[self.verification]}
        if differences := list(differing(seen, expected)):
            raise ReadersSeeOtherwise(
                f"batch {batch.batch_id}, query {query_id} of {self.verification}.sql: "
                + "; ".join(differences)
            )
        name = VERIFIED.format(batch.current_attempt(), self.verification)
        now = utc_text(datetime.now(UTC))
        batch.put(name, {"query_id": query_id, "rows": expected, "verified_at": now})

    def _answer(self, query_id: str) -> Iterator[Record]:
        """Yield the rows of the answer by column; its first row is the names of the columns."""
        athena: AthenaClient = self.hook.get_conn()
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
        rows = (
            [cell.get("VarCharValue") for cell in row["Data"]]
            for page in pages
            for row in page["ResultSet"]["Rows"]
        )
        names = [str(name) for name in next(rows)]
        return (dict(zip(names, row, strict=True)) for row in rows)


def rows_seen(answer: Iterable[Record]) -> Counter[str]:
    """Return how many rows an answer counts, by dataset."""
    seen: Counter[str] = Counter()
    for row in answer:
        seen[row["dataset"]] += int(row["rows_seen"])
    return seen


def rows_written(counts: Record) -> int:
    """Return how many rows of a dataset a batch was the last to change, as the ledger has it.

    Rows that were parked before the batch and found their parents in it are among them.
    """
    outcomes = (counts["outcomes"], counts["parked"]["outcomes"])
    return sum(each[name] for each in outcomes for name in WRITTEN)


def differing(seen: Counter[str], expected: dict[str, int]) -> Iterator[str]:
    """Yield what Athena and the ledger disagree about, with both numbers."""
    for dataset, rows in expected.items():
        if seen[dataset] != rows:
            yield f"{dataset}: Athena counts {seen[dataset]} rows, the ledger {rows}"
