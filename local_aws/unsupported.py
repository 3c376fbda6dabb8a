"""What local AWS does, as data, and the refusal of all else: a 4xx, so that no client retries."""

import json
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

CODE = "UnsupportedOperation"

# moto's names. The last two: moto's own control, and the credentials that SDKs look for.
SERVICES = frozenset({
    "s3", "glue", "athena", "sns", "sqs", "logs", "cloudwatch", "sts", "iam",
    "moto_api", "instance_metadata",
})  # fmt: skip

GLUE_ACTIONS = frozenset({
    "CreateDatabase", "GetDatabase", "GetDatabases", "UpdateDatabase", "DeleteDatabase",
    "CreateTable", "GetTable", "GetTables", "UpdateTable", "DeleteTable", "BatchDeleteTable",
    "GetTableVersion", "GetTableVersions", "DeleteTableVersion",
    "CreateJob", "GetJob", "GetJobs", "ListJobs", "UpdateJob", "DeleteJob",
    "StartJobRun", "GetJobRun", "GetJobRuns", "BatchStopJobRun",
    "CreateCrawler", "GetCrawler", "GetCrawlers", "ListCrawlers", "UpdateCrawler", "DeleteCrawler",
    "StartCrawler", "StopCrawler", "GetCrawlerMetrics",
    "GetTags", "TagResource", "UntagResource",
})  # fmt: skip

ATHENA_ACTIONS = frozenset({
    "StartQueryExecution", "GetQueryExecution", "BatchGetQueryExecution", "ListQueryExecutions",
    "StopQueryExecution", "GetQueryResults", "GetQueryRuntimeStatistics",
    "GetWorkGroup", "ListWorkGroups",
})  # fmt: skip


def refusal(request: Request, what: str) -> Response:
    """Return the answer that says local AWS does not do `what`, in the request's own protocol."""
    message = f"Local AWS does not do {what}."
    if request.mimetype == "application/x-www-form-urlencoded":
        return Response(_as_xml(message), status=400, content_type="text/xml")
    return Response(
        json.dumps({"__type": CODE, "message": message}),
        status=400,
        content_type="application/x-amz-json-1.1",
        headers={"x-amzn-errortype": CODE},
    )


def _as_xml(message: str) -> str:
    return (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{CODE}</Code>"
        f"<Message>{escape(message)}</Message></Error><RequestId>local</RequestId></ErrorResponse>"
    )


@dataclass(frozen=True)
class UnsupportedService:
    """The application that stands where moto would pretend a whole service."""

    service: str | None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Refuse the request, naming the service and the action."""
        request = Request(environ)
        return refusal(request, f"{_signed_for(request) or self.service}{_action(request)}")(
            environ, start_response
        )


def _signed_for(request: Request) -> str | None:
    """Return the service in the signature's scope: ``Credential=key/date/region/service/…``."""
    scope = request.headers.get("Authorization", "").partition("Credential=")[2].split(",")[0]
    parts = scope.split("/")
    return parts[3] if len(parts) > 3 else None


def _action(request: Request) -> str:
    target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    action = target or request.form.get("Action", "")
    return f" {action}" if action else ""
