"""The queries of one region: started, run some at a time, stopped, looked up."""

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError
from moto.glue.models import GlueBackend
from mypy_boto3_s3 import S3Client

from local_aws.athena_engine import QueryRun
from local_aws.athena_query import QueryExecution
from local_aws.athena_sql import QueryError
from local_aws.athena_values import result_csv
from local_aws.errors import ApiError

log = logging.getLogger(__name__)

AT_A_TIME = 4
LAST_SECONDS = 5.0
"""How long a cancelled query may take to notice."""


@dataclass
class AthenaQueries:
    """Queries by id, in the order they came."""

    catalog: GlueBackend
    storage_options: dict[str, str]
    s3: S3Client
    cores: int
    _by_id: dict[str, QueryExecution] = field(default_factory=dict)
    _by_token: dict[str, QueryExecution] = field(default_factory=dict)
    _running: dict[str, QueryRun] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _turn: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(AT_A_TIME))

    def start(self, request: dict[str, Any], output_folder: str) -> QueryExecution:
        """Return the new query, or the one that the same ClientRequestToken already started.

        Raises:
            ApiError: InvalidRequestException when the token came with another query.
        """
        token = request.get("ClientRequestToken", "")
        query = QueryExecution(request, output_folder)
        with self._lock:
            known = self._by_token.get(token)
            if known:
                return same_query(known, request)
            self._by_id[query.id] = query
            if token:
                self._by_token[token] = query
        threading.Thread(target=self._follow, args=(query,), daemon=True, name=query.id).start()
        return query

    def get(self, query_id: str) -> QueryExecution:
        """Return the query.

        Raises:
            ApiError: InvalidRequestException.
        """
        if query_id not in self._by_id:
            raise invalid(f"QueryExecution {query_id} was not found")
        return self._by_id[query_id]

    def newest_first(self, workgroup: str) -> list[QueryExecution]:
        """Return the queries of the workgroup."""
        queries = reversed(list(self._by_id.values()))
        return [one for one in queries if (one.request.get("WorkGroup") or "primary") == workgroup]

    def stop(self, query_id: str) -> None:
        """Cancel the query, if it has not ended."""
        if not self.get(query_id).move("CANCELLED", "Query cancelled by user"):
            return
        deadline = time.monotonic() + LAST_SECONDS
        # Again and again: an interrupt between two of a query's steps interrupts nothing.
        while (running := self._running.get(query_id)) and time.monotonic() < deadline:
            running.interrupt()
            time.sleep(0.02)

    def close(self) -> None:
        """Cancel every query."""
        for query_id in list(self._by_id):
            self.stop(query_id)

    def _follow(self, query: QueryExecution) -> None:
        with self._turn:
            if not query.move("RUNNING"):
                return
            try:
                self._run(query)
            except QueryError as error:
                query.move("FAILED", str(error))
            except Exception as error:  # whatever it is, it ends this query and no other
                if query.move("FAILED", f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}"):
                    log.exception("query %s failed", query.id)

    def _run(self, query: QueryExecution) -> None:
        run = QueryRun(self.catalog, self.storage_options, self.s3, self.cores)
        self._running[query.id] = run
        try:
            if query.state == "CANCELLED":
                return
            result = run.execute(query.request["QueryString"], query.database)
        finally:
            del self._running[query.id]
            run.close()
        content = result_csv(result.names, result.rows)
        self._write(query.output_location, content)
        query.result, query.output_bytes = result, len(content)
        query.move("SUCCEEDED")

    def _write(self, location: str, content: bytes) -> None:
        bucket, _, key = location.removeprefix("s3://").partition("/")
        try:
            self.s3.put_object(Bucket=bucket, Key=key, Body=content, ContentType="text/csv")
        except ClientError as error:
            raise QueryError(f"Unable to verify/create output bucket {bucket}") from error


def same_query(known: QueryExecution, request: dict[str, Any]) -> QueryExecution:
    """Return the known query if `request` asks for the same.

    Raises:
        ApiError: InvalidRequestException.
    """
    if known.request["QueryString"] != request["QueryString"]:
        raise invalid("Idempotent parameters do not match")
    return known


def invalid(message: str) -> ApiError:
    """Return Athena's InvalidRequestException."""
    return ApiError("InvalidRequestException", message)
