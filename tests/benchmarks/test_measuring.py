"""What is measured beside seconds: CPU, memory, S3 requests, files read."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks.process_tree import cpu_seconds, peak_megabytes
from benchmarks.s3_requests import COUNTS
from benchmarks.s3_server import CountingServer
from benchmarks.scans import job_count, read_events, table_files_read

SPIN = "import time\nwhile time.process_time() < 0.5: pass\nprint('spun', flush=True)\ninput()"
HOLD = "x = b'x' * 200_000_000\nprint('held', flush=True)\ninput()"


def waiting_child(script: str) -> subprocess.Popen[str]:
    """Return a child that has done its work and waits to be ended."""
    command = [sys.executable, "-c", script]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    child.stdout.readline()
    return child


def test_cpu_of_children_counts_while_they_live_and_after() -> None:
    before = cpu_seconds(os.getpid())
    with waiting_child(SPIN) as child:
        alive = cpu_seconds(os.getpid()) - before
        child.communicate("\n")
    assert alive >= 0.4
    assert cpu_seconds(os.getpid()) - before >= 0.4


def test_memory_of_children_counts_at_its_peak() -> None:
    before = peak_megabytes(os.getpid())
    with waiting_child(HOLD) as child:
        held = peak_megabytes(os.getpid()) - before
        child.communicate("\n")
    assert held > 190


@pytest.mark.parametrize(
    ("method", "query", "kind"),
    [
        ("GET", "", "GET"),
        ("GET", "list-type=2&prefix=raw%2F", "LIST"),
        ("GET", "versionId=prefix", "GET"),
        ("HEAD", "", "HEAD"),
        ("PUT", "partNumber=1&uploadId=x", "PUT"),
    ],
)
def test_requests_are_counted_by_kind(method: str, query: str, kind: str) -> None:
    server = CountingServer(lambda environ, start_response: [b"answer"])
    request = {"PATH_INFO": "/lake/key", "REQUEST_METHOD": method, "QUERY_STRING": query}
    assert server(request, lambda *_: None) == [b"answer"]
    asked = {"PATH_INFO": COUNTS, "REQUEST_METHOD": "GET", "QUERY_STRING": ""}
    assert json.loads(b"".join(server(asked, lambda *_: None))) == {kind: 1}


def scan(location: str, counter: int) -> dict[str, Any]:
    """Return a scan in a plan, as Spark's event log has it."""
    metrics = [
        {"name": "number of files read", "accumulatorId": counter},
        {"name": "size of files read", "accumulatorId": counter + 1},
    ]
    return {"metadata": {"Location": location}, "metrics": metrics, "children": []}


def test_files_read_are_those_of_tables(tmp_path: Path) -> None:
    scans = [scan("PreparedDeltaFileIndex(1 paths)[t]", 1), scan("InMemoryFileIndex(1)[csv]", 5)]
    plan = {"metadata": {}, "metrics": [], "children": scans}
    name = "org.apache.spark.sql.execution.ui.SparkListener"
    events = [
        {"Event": f"{name}SQLExecutionStart", "sparkPlanInfo": plan},
        {"Event": "SparkListenerJobStart"},
        {"Event": f"{name}DriverAccumUpdates", "accumUpdates": [[1, 7], [2, 4096], [5, 3]]},
    ]
    (tmp_path / "local-1").write_text("\n".join(map(json.dumps, events)))
    assert table_files_read(read_events(tmp_path)) == 7
    assert job_count(read_events(tmp_path)) == 1
