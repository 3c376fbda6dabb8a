"""What Spark did, by the event log of a run: how many files of the tables it read, and its jobs."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

Event = dict[str, Any]

JOB = "SparkListenerJobStart"
FILES_READ = "number of files read"
PLANS = ("SparkListenerSQLExecutionStart", "SparkListenerSQLAdaptiveExecutionUpdate")
METRICS = "SparkListenerDriverAccumUpdates"
# What Delta's scans call the place they read: table data, and not the log or the delivered CSV.
TABLE_DATA = ("TahoeLogFileIndex", "PreparedDeltaFileIndex", "TahoeBatchFileIndex")


def event_log_settings(folder: Path) -> dict[str, str]:
    """Return the settings with which a run writes its event log into `folder`."""
    folder.mkdir(parents=True)
    return {"spark.eventLog.enabled": "true", "spark.eventLog.dir": f"file:{folder}"}


def read_events(folder: Path) -> Iterator[Event]:
    """Give the events of the one run that wrote into `folder`."""
    for path in folder.iterdir():
        if not path.name.startswith("."):
            yield from (json.loads(line) for line in path.read_text().splitlines())


def job_count(events: Iterable[Event]) -> int:
    """Return how many Spark jobs were started."""
    return sum(event["Event"] == JOB for event in events)


def table_files_read(events: Iterable[Event]) -> int:
    """Return how many data files all scans of tables read; a file counts once for each scan."""
    counters: set[int] = set()
    read = 0
    for event in events:
        kind = event["Event"].rpartition(".")[2]
        if kind in PLANS:
            counters |= set(file_counters(event["sparkPlanInfo"]))
        if kind == METRICS:
            read += sum(value for counter, value in event["accumUpdates"] if counter in counters)
    return read


def file_counters(plan: Event) -> Iterator[int]:
    """Give the ids of the counters of files read, of the scans of table data in a plan."""
    if any(name in plan["metadata"].get("Location", "") for name in TABLE_DATA):
        yield from (each["accumulatorId"] for each in plan["metrics"] if each["name"] == FILES_READ)
    for child in plan["children"]:
        yield from file_counters(child)
