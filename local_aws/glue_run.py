"""One Glue job run: what it was started with, and the states it goes through."""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ACTIVE = ("STARTING", "RUNNING", "STOPPING", "WAITING")
LOG_GROUP = "/aws-glue/jobs"
ABANDONED = "Local AWS ended while the run was going on."
# What a run may set for itself and otherwise takes from its job.
OVERRIDABLE = (
    "Timeout", "WorkerType", "NumberOfWorkers", "MaxCapacity", "ExecutionClass",
    "SecurityConfiguration", "NotificationProperty",
)  # fmt: skip


@dataclass
class GlueRun:
    """A run; its state only moves forward, whoever moves it."""

    job: dict[str, Any]
    request: dict[str, Any]
    id: str = field(default_factory=lambda: f"jr_{secrets.token_hex(32)}")
    state: str = "STARTING"
    error_message: str = ""
    started_on: datetime = field(default_factory=lambda: datetime.now(UTC))
    running_since: datetime | None = None
    completed_on: datetime | None = None
    stop_requested: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def arguments(self) -> dict[str, str]:
        """Return the job's default arguments, overlaid with the run's own."""
        return {
            **self.job.get("DefaultArguments", {}),
            **self.request.get("Arguments", {}),
            **self.job.get("NonOverridableArguments", {}),
        }

    @property
    def is_active(self) -> bool:
        """Return whether the run counts against MaxConcurrentRuns."""
        return self.state in ACTIVE

    @property
    def timeout_minutes(self) -> int:
        """Return the run's own timeout, or its job's."""
        return int(self.request.get("Timeout") or self.job["Timeout"])

    def enter_running(self) -> None:
        """Become RUNNING, unless a stop came first."""
        with self._lock:
            self.running_since = datetime.now(UTC)
            if self.state == "STARTING":
                self.state = "RUNNING"

    def request_stop(self) -> bool:
        """Become STOPPING; return False when the run has already ended."""
        with self._lock:
            if not self.is_active:
                return False
            self.state = "STOPPING"
            self.stop_requested.set()
            return True

    def finish(self, state: str, error_message: str = "") -> None:
        """Enter the end state; a run that was asked to stop ends STOPPED, whatever it did last."""
        with self._lock:
            stopped = self.stop_requested.is_set()
            self.completed_on = datetime.now(UTC)
            self.error_message = "" if stopped else error_message
            self.state = "STOPPED" if stopped else state

    def abandon(self) -> None:
        """Enter the end state of a run whose process is gone with the machine that ran it."""
        if self.state == "STOPPING":
            self.stop_requested.set()
        self.finish("FAILED", ABANDONED)

    def as_dict(self) -> dict[str, Any]:
        """Return the run as GetJobRun shows it."""
        last_change = self.completed_on or self.running_since or self.started_on
        shown = {
            **{key: self.job[key] for key in OVERRIDABLE if key in self.job},
            **{key: self.request[key] for key in OVERRIDABLE if key in self.request},
            "Id": self.id,
            "JobName": self.job["Name"],
            "Attempt": 0,
            "PredecessorRuns": [],
            "GlueVersion": self.job["GlueVersion"],
            "Arguments": self.request.get("Arguments", {}),
            "LogGroupName": LOG_GROUP,
            "JobRunState": self.state,
            "StartedOn": self.started_on,
            "LastModifiedOn": last_change,
            "ExecutionTime": self._seconds_run(),
        }
        if self.completed_on:
            shown["CompletedOn"] = self.completed_on
        if self.error_message:
            shown["ErrorMessage"] = self.error_message
        return shown

    def _seconds_run(self) -> int:
        if self.running_since is None:
            return 0
        until = self.completed_on or datetime.now(UTC)
        return int((until - self.running_since).total_seconds())
