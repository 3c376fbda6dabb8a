"""One query execution: queued, run in a thread, its result a file in S3."""

import threading
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ENGINE = "Athena engine version 3"
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass
class QueryExecution:
    """A query and its state, which only moves forward."""

    request: dict[str, Any]
    output_folder: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "QUEUED"
    reason: str = ""
    submitted: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: datetime | None = None
    ended: datetime | None = None
    result: Any = None
    output_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def output_location(self) -> str:
        """Return where the result file is, or will be."""
        return f"{self.output_folder.rstrip('/')}/{self.id}.csv"

    @property
    def database(self) -> str:
        """Return the database of names that say none."""
        return str((self.request.get("QueryExecutionContext") or {}).get("Database") or "")

    def move(self, state: str, reason: str = "") -> bool:
        """Enter the state; return False when the query has already ended."""
        with self._lock:
            if self.state in ENDED:
                return False
            self.state, self.reason = state, reason
            self.began = self.began or (datetime.now(UTC) if state == "RUNNING" else None)
            self.ended = datetime.now(UTC) if state in ENDED else None
            return True

    def as_dict(self) -> dict[str, Any]:
        """Return the query as GetQueryExecution shows it."""
        return {
            "QueryExecutionId": self.id,
            "Query": self.request["QueryString"],
            "StatementType": "DML",
            "ResultConfiguration": {"OutputLocation": self.output_location},
            "QueryExecutionContext": self.request.get("QueryExecutionContext") or {},
            "Status": self._status(),
            "Statistics": self.timeline(),
            "WorkGroup": self.request.get("WorkGroup") or "primary",
            "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": ENGINE},
        }

    def timeline(self) -> dict[str, int]:
        """Return how long the query waited and ran, in milliseconds."""
        now = datetime.now(UTC)
        began, ended = self.began or self.ended or now, self.ended or now
        return {
            "QueryQueueTimeInMillis": milliseconds(self.submitted, began),
            "EngineExecutionTimeInMillis": milliseconds(began, ended),
            "TotalExecutionTimeInMillis": milliseconds(self.submitted, ended),
        }

    def _status(self) -> dict[str, Any]:
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.ended:
            status["CompletionDateTime"] = self.ended
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.state == "FAILED":
            # Category 2 is the user's error.
            status["AthenaError"] = {"ErrorCategory": 2, "ErrorMessage": self.reason}
        return status


def milliseconds(start: datetime, end: datetime) -> int:
    """Return the time from `start` to `end`."""
    return int((end - start).total_seconds() * 1000)
