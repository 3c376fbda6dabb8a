"""Glue job runs that really run: started, followed to their end, stopped, timed out."""

import logging
import shutil
import signal
import subprocess
import threading
from dataclasses import dataclass, field
from typing import Any

from moto.logs.models import LogsBackend
from mypy_boto3_s3 import S3Client

from local_aws.errors import ApiError
from local_aws.glue_jobs import check_arguments, refuse
from local_aws.glue_run import LOG_GROUP, GlueRun
from local_aws.run_folder import RunFolder, prepare_run_folder, scratch_of
from local_aws.run_logs import LogStream, OutputReader, failure_message
from local_aws.run_process import end_group, start_process, wait_until
from local_aws.settings import Settings

log = logging.getLogger(__name__)

# A dead group has closed its pipes; only a process that left the group can still hold them.
LAST_OUTPUT_SECONDS = 5.0


@dataclass
class GlueRuns:
    """The runs of one region; each is followed by a thread of its own."""

    settings: Settings
    region: str
    logs: LogsBackend
    s3: S3Client
    _runs: list[GlueRun] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _closed: bool = False

    def start(self, job: dict[str, Any], request: dict[str, Any]) -> GlueRun:
        """Return a new run of `job`, STARTING.

        Raises:
            ApiError: ConcurrentRunsExceededException, or InvalidInputException.
        """
        check_arguments(request.get("Arguments", {}))
        if request.get("JobRunId") or request.get("JobRunQueuingEnabled"):
            refuse("local AWS neither retries a run by JobRunId nor queues runs")
        run = GlueRun(job, request)
        thread = threading.Thread(target=self._follow, args=(run,), daemon=True, name=run.id)
        with self._lock:
            if self._closed:
                refuse("local AWS is ending")
            self._check_concurrency(job)
            self._runs.append(run)
            self._threads.append(thread)
            thread.start()
        return run

    def find(self, job_name: str, run_id: str) -> GlueRun:
        """Return the run.

        Raises:
            ApiError: EntityNotFoundException.
        """
        for run in self._runs:
            if (run.job["Name"], run.id) == (job_name, run_id):
                return run
        raise ApiError("EntityNotFoundException", f"Entity not found: job run {run_id}")

    def newest_first(self, job_name: str) -> list[GlueRun]:
        """Return the runs of the job."""
        return [run for run in reversed(self._runs) if run.job["Name"] == job_name]

    def stop(self, job_name: str, run_ids: list[str]) -> dict[str, Any]:
        """Ask runs to stop, and return BatchStopJobRun's answer."""
        refused = {run_id: self._refusal_to_stop(job_name, run_id) for run_id in run_ids}
        return {
            "SuccessfulSubmissions": [
                {"JobName": job_name, "JobRunId": run_id}
                for run_id in run_ids
                if not refused[run_id]
            ],
            "Errors": [
                {"JobName": job_name, "JobRunId": run_id, "ErrorDetail": detail}
                for run_id, detail in refused.items()
                if detail
            ],
        }

    def kept(self) -> list[GlueRun]:
        """Return all runs, for `restore`."""
        return list(self._runs)

    def restore(self, runs: list[GlueRun]) -> None:
        """Take over the runs of a process that has ended; those that were going on have failed."""
        for run in runs:
            if run.is_active:
                run.abandon()
                shutil.rmtree(scratch_of(run, self.settings), ignore_errors=True)
        self._runs = runs

    def close(self) -> None:
        """Stop every run, start no more, and wait until all processes are gone."""
        with self._lock:
            self._closed = True
        for run in self._runs:
            run.request_stop()
        for thread in self._threads:
            thread.join(self.settings.stop_grace_seconds + 2 * LAST_OUTPUT_SECONDS)

    def _check_concurrency(self, job: dict[str, Any]) -> None:
        active = [run for run in self.newest_first(job["Name"]) if run.is_active]
        if len(active) >= job["ExecutionProperty"]["MaxConcurrentRuns"]:
            raise ApiError(
                "ConcurrentRunsExceededException",
                f"Concurrent runs exceeded for {job['Name']}: {active[0].id} is {active[0].state}",
            )

    def _refusal_to_stop(self, job_name: str, run_id: str) -> dict[str, str] | None:
        """Stop the run, or return why that can't be."""
        try:
            run = self.find(job_name, run_id)
        except ApiError as error:
            return {"ErrorCode": error.error_type, "ErrorMessage": error.message}
        if run.request_stop():
            return None
        ended = f"Job run {run_id} has already ended: {run.state}"
        return {"ErrorCode": "InvalidInputException", "ErrorMessage": ended}

    def _follow(self, run: GlueRun) -> None:
        try:
            state, message = self._run_script(run)
        except Exception as error:  # a missing script or a full disk ends the run, not the server
            state, message = "FAILED", f"{type(error).__name__}: {error}"
            self._stream(run, "error").write([message])
        run.finish(state, message)
        log.info("%s of %s ended %s", run.id, run.job["Name"], run.state)

    def _run_script(self, run: GlueRun) -> tuple[str, str]:
        """Return the end state of the run's script and why it failed."""
        folder = prepare_run_folder(run, self.settings, self.region, self.s3)
        if run.stop_requested.is_set():
            return "STOPPED", ""
        process = start_process(folder)
        try:
            run.enter_running()
            readers = self._read_output(run, folder, process)
            log.info("%s of %s runs as process %d", run.id, run.job["Name"], process.pid)
            seconds = run.timeout_minutes * self.settings.seconds_per_minute
            by_itself = wait_until(process, seconds, run.stop_requested)
        finally:
            exit_code = end_group(process, self.settings.stop_grace_seconds)
            shutil.rmtree(folder.scratch, ignore_errors=True)
        for reader in readers:
            reader.join(LAST_OUTPUT_SECONDS)
        if by_itself:
            return outcome(exit_code, list(readers[1].last_lines))
        return "TIMEOUT", f"The run exceeded its timeout of {run.timeout_minutes} minutes."

    def _read_output(
        self, run: GlueRun, folder: RunFolder, process: subprocess.Popen[bytes]
    ) -> list[OutputReader]:
        (folder.root / "pid").write_text(f"{process.pid}\n")
        pipes = {"output": process.stdout, "error": process.stderr}
        readers = [
            OutputReader(pipe, folder.root / f"{kind}.log", self._stream(run, kind))
            for kind, pipe in pipes.items()
            if pipe is not None
        ]
        for reader in readers:
            reader.start()
        return readers

    def _stream(self, run: GlueRun, kind: str) -> LogStream:
        return LogStream(self.logs, f"{LOG_GROUP}/{kind}", run.id)


def outcome(exit_code: int, error_lines: list[str]) -> tuple[str, str]:
    """Return the end state for the exit of a run's script, and why it failed."""
    if exit_code == 0:
        return "SUCCEEDED", ""
    if exit_code < 0:
        return "FAILED", f"The run's process was ended by {signal.Signals(-exit_code).name}."
    return "FAILED", failure_message(exit_code, error_lines)
