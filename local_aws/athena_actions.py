"""Athena's API, action by action."""

import json
from typing import Any

import moto.athena.models as moto_models
from moto.core.common_types import TYPE_RESPONSE
from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from local_aws.athena_backend import LocalAthenaBackend
from local_aws.athena_queries import invalid
from local_aws.athena_query import QueryExecution
from local_aws.athena_values import Row
from local_aws.paging import page
from local_aws.unsupported import ATHENA_ACTIONS, refusal

LARGEST_PAGE = 1000
REFUSED_PARAMETERS = ("ExecutionParameters",)


class LocalAthenaResponse(BaseResponse):
    """One request to Athena."""

    def __init__(self) -> None:
        """Answer as Athena."""
        super().__init__(service_name="athena")

    @property
    def athena_backend(self) -> LocalAthenaBackend:
        """Return the Athena of the request's region."""
        backend = moto_models.athena_backends[self.current_account][self.region]
        assert isinstance(backend, LocalAthenaBackend)
        return backend

    def call_action(self) -> TYPE_RESPONSE:
        """Answer the request if its action is real here, refuse it otherwise."""
        action = self._get_action()
        if action in ATHENA_ACTIONS:
            return super().call_action()
        answer = refusal(self.normalized_request, f"athena {action}")
        return answer.status_code, dict(answer.headers), answer.get_data(as_text=True)

    def start_query_execution(self) -> ActionResult:
        """StartQueryExecution."""
        for name in REFUSED_PARAMETERS:
            if self._body.get(name):
                raise invalid(f"local AWS does not do {name}: write the values into the query")
        query = self.athena_backend.queries.start(self._body, self._output_folder())
        return ActionResult({"QueryExecutionId": query.id})

    def get_query_execution(self) -> ActionResult:
        """GetQueryExecution."""
        return ActionResult({"QueryExecution": self._query().as_dict()})

    def batch_get_query_execution(self) -> ActionResult:
        """BatchGetQueryExecution."""
        queries = [self.athena_backend.queries.get(one) for one in self._body["QueryExecutionIds"]]
        return ActionResult({"QueryExecutions": [query.as_dict() for query in queries]})

    def list_query_executions(self) -> ActionResult:
        """ListQueryExecutions, newest first."""
        queries = self.athena_backend.queries.newest_first(self._workgroup())
        size = int(self._body.get("MaxResults") or 50)
        ids, token = page([one.id for one in queries], str, self._body.get("NextToken"), size)
        return ActionResult({"QueryExecutionIds": ids, "NextToken": token})

    def stop_query_execution(self) -> ActionResult:
        """StopQueryExecution."""
        self.athena_backend.queries.stop(self._body["QueryExecutionId"])
        return EmptyResult()

    def get_query_results(self) -> ActionResult:
        """GetQueryResults: the names of the columns are the first row of the first page."""
        query = self._query()
        if query.state != "SUCCEEDED":
            raise invalid(f"Query did not finish successfully. Final query state: {query.state}")
        size = int(self._body.get("MaxResults") or LARGEST_PAGE)
        first = int(self._body.get("NextToken") or 0)
        rows = [query.result.names, *query.result.rows]
        more = first + size < len(rows)
        return ActionResult({
            "UpdateCount": 0,
            "ResultSet": {
                "Rows": [{"Data": data(row)} for row in rows[first : first + size]],
                "ResultSetMetadata": {"ColumnInfo": query.result.columns},
            },
            "NextToken": str(first + size) if more else None,
        })

    def get_query_runtime_statistics(self) -> ActionResult:
        """GetQueryRuntimeStatistics: what is measured here, no more."""
        query = self._query()
        statistics: dict[str, Any] = {"Timeline": query.timeline()}
        if query.state == "SUCCEEDED":
            rows = {"OutputRows": len(query.result.rows), "OutputBytes": query.output_bytes}
            statistics["Rows"] = rows
        return ActionResult({"QueryRuntimeStatistics": statistics})

    def get_work_group(self) -> ActionResult:
        """GetWorkGroup."""
        return ActionResult({"WorkGroup": self.athena_backend.get_work_group(self._workgroup())})

    def list_work_groups(self) -> ActionResult:
        """ListWorkGroups."""
        return ActionResult({"WorkGroups": self.athena_backend.list_work_groups()})

    @property
    def _body(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.body)
        return content

    def _query(self) -> QueryExecution:
        return self.athena_backend.queries.get(self._body["QueryExecutionId"])

    def _workgroup(self) -> str:
        """Return the name of the request's workgroup.

        Raises:
            ApiError: InvalidRequestException for one that is not there.
        """
        name = self._body.get("WorkGroup") or "primary"
        if name not in self.athena_backend.work_groups:
            raise invalid(f"WorkGroup {name} is not found.")
        return str(name)

    def _output_folder(self) -> str:
        """Return where the result goes: the request says, or else the workgroup.

        Raises:
            ApiError: InvalidRequestException when neither does.
        """
        configuration = self.athena_backend.work_groups[self._workgroup()].configuration
        places = (self._body.get("ResultConfiguration"), configuration.get("ResultConfiguration"))
        for place in places:
            if place and place.get("OutputLocation", "").startswith("s3://"):
                return str(place["OutputLocation"])
        raise invalid("No output location provided: ResultConfiguration needs an OutputLocation")


def data(row: Row) -> list[dict[str, str]]:
    """Return one row of a result set; a null has no value."""
    return [{} if value is None else {"VarCharValue": value} for value in row]
