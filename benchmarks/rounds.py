"""The rounds: every subject of every case, each time in a process of its own on a fresh bucket."""

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lakehouse_spark.storage import S3Storage

from benchmarks.cases import Case
from benchmarks.delta_log import changed_files, commit_files
from benchmarks.job_code import JobCode
from benchmarks.local_s3 import BUCKET, s3_bucket
from benchmarks.planning import BATCH, MANIFEST, plan_batch
from benchmarks.prepared import Prepared, copy_bucket, deliver
from benchmarks.s3_requests import ENDPOINT
from benchmarks.scans import event_log_settings, job_count, read_events, table_files_read
from benchmarks.spark_process import run_module
from local_aws.spark_defaults import s3a_defaults

MODULE = "benchmarks.subject"
STEPS = f"batches/{BATCH}/attempts/1/load.json"

Figures = dict[str, Any]


class Rounds:
    """Runs subjects and says how long each took."""

    def __init__(self, prepared: Prepared, code: JobCode, work: Path) -> None:
        """Work in the folder `work`, on what is `prepared`."""
        self._prepared = prepared
        self._code = code
        self._work = work
        self._start = time.monotonic()

    def prepare(self, cases: Sequence[Case]) -> None:
        """Make all that the cases deliver and load onto, before anything is measured."""
        for case in cases:
            self.say(f"case {case.name}: preparing ({case.title})")
            self._prepared.delivery(case.delivery)
            if case.past_days:
                self._prepared.past(case.past_days)

    def timed(self, case: Case, subject: str) -> Figures:
        """Return the figures of one run in folders."""
        bucket = self._fresh_bucket(case)
        before = commit_files(bucket)
        figures = self._run(subject, str(bucket))
        changed = changed_files(bucket, before)
        figures |= {"files_added": changed["add"], "files_removed": changed["remove"]}
        if (bucket / STEPS).exists():
            figures["steps"] = json.loads((bucket / STEPS).read_text())["steps"]
        seconds, cpu = figures["seconds"], figures["cpu_seconds"]
        self.say(f"case {case.name}, {subject}: {seconds:.1f} s, {cpu:.1f} CPU s")
        return figures

    def counted(self, case: Case, subject: str) -> Figures:
        """Return the requests and files read of one run on local S3; its time is not kept."""
        bucket = self._fresh_bucket(case)
        (bucket / MANIFEST).unlink()
        events = self._work / "events"
        with s3_bucket(bucket, self._work / "s3") as environment:
            delivery = self._prepared.delivery(case.delivery)
            plan_batch(S3Storage(BUCKET), delivery, self._code.contract_version)
            conf = s3a_defaults(environment[ENDPOINT]) | event_log_settings(events)
            figures = self._run(subject, f"s3://{BUCKET}", conf, environment)
        counts = {
            "s3_requests": sum(figures["requests"].values()),
            "s3_requests_by_kind": figures["requests"],
            "files_read": table_files_read(read_events(events)),
            "spark_jobs": job_count(read_events(events)),
        }
        self.say(f"case {case.name}, {subject}: {counts}")
        return counts

    def say(self, text: str) -> None:
        """Print a line with the seconds since the start."""
        print(f"[{time.monotonic() - self._start:5.0f} s] {text}", flush=True)

    def _fresh_bucket(self, case: Case) -> Path:
        """Return a bucket as it is before the load, planned."""
        shutil.rmtree(self._work, ignore_errors=True)
        bucket = self._work / "bucket"
        if case.past_days:
            copy_bucket(self._prepared.past(case.past_days), bucket)
        deliver(self._prepared.delivery(case.delivery), bucket, self._code)
        return bucket

    def _run(
        self,
        subject: str,
        bucket: str,
        conf: dict[str, str] | None = None,
        environment: dict[str, str] | None = None,
    ) -> Figures:
        arguments = [subject, bucket, str(self._code.contract)]
        folder = self._work / "process"
        output = run_module(MODULE, arguments, folder, self._code.folder, conf, environment)
        figures: Figures = json.loads(output)
        return figures
