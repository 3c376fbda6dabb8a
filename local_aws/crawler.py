"""One crawler: reads the log of each of its Delta tables and writes the catalog what it found."""

import copy
import logging
import re
import statistics
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.glue.exceptions import TableNotFoundException
from moto.glue.models import GlueBackend
from mypy_boto3_s3 import S3Client

from local_aws.delta_tables import open_delta_table, table_input
from local_aws.errors import ApiError

log = logging.getLogger(__name__)

LOG_GROUP = "/aws-glue/crawlers"
ABANDONED = "Local AWS ended while the crawl was going on."


@dataclass
class Crawl:
    """One run of a crawler; ``status`` is empty until it has ended."""

    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None
    status: str = ""
    errors: list[str] = field(default_factory=list)
    created: int = 0
    updated: int = 0

    @property
    def seconds(self) -> float:
        """Return how long it took, or has taken so far."""
        return ((self.ended or datetime.now(UTC)) - self.started).total_seconds()


@dataclass
class Crawler:
    """A crawler's definition, its state, and its crawls."""

    definition: dict[str, Any]
    catalog: GlueBackend
    storage_options: dict[str, str]
    s3: S3Client
    state: str = "READY"
    version: int = 1
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))
    crawls: list[Crawl] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """Return the crawler's name."""
        return str(self.definition["Name"])

    def update(self, definition: dict[str, Any]) -> None:
        """Take over the changes, when no crawl runs."""
        with self._lock:
            self.check_ready()
            self.definition = {**self.definition, **definition}
            self.changed = datetime.now(UTC)
            self.version += 1

    def start(self) -> None:
        """Start a crawl.

        Raises:
            ApiError: CrawlerRunningException.
        """
        with self._lock:
            self.check_ready()
            self.state = "RUNNING"
            self.crawls.append(Crawl())
        threading.Thread(target=self._run, args=(self.crawls[-1],), daemon=True).start()

    def request_stop(self) -> None:
        """End the crawl after the table it is at.

        Raises:
            ApiError: CrawlerNotRunningException, or CrawlerStoppingException.
        """
        with self._lock:
            if self.state == "READY":
                raise ApiError("CrawlerNotRunningException", f"{self.name} is not running")
            if self.state == "STOPPING":
                raise ApiError("CrawlerStoppingException", f"{self.name} is stopping")
            self.state = "STOPPING"

    def check_ready(self) -> None:
        """Raise CrawlerRunningException while a crawl runs."""
        if self.state != "READY":
            message = f"Crawler with name {self.name} has already started"
            raise ApiError("CrawlerRunningException", message)

    def as_dict(self) -> dict[str, Any]:
        """Return the crawler as GetCrawler shows it."""
        with self._lock:
            ended = [crawl for crawl in self.crawls if crawl.ended]
            running = self.state != "READY"
            return {
                **self.definition,
                "State": self.state,
                "CrawlElapsedTime": int(self.crawls[-1].seconds * 1000) if running else 0,
                "CreationTime": self.created,
                "LastUpdated": self.changed,
                "Version": self.version,
                **({"LastCrawl": self._last_crawl(ended[-1])} if ended else {}),
            }

    def kept(self) -> dict[str, Any]:
        """Return what makes this crawler again, in another process."""
        with self._lock:
            names = ("definition", "version", "created", "changed", "crawls")
            return {name: copy.deepcopy(getattr(self, name)) for name in names}

    def fail_unfinished(self) -> None:
        """End the crawl that was going on when the process of local AWS ended."""
        for crawl in self.crawls:
            if not crawl.ended:
                crawl.errors.append(ABANDONED)
                crawl.status, crawl.ended = "FAILED", datetime.now(UTC)

    def metrics(self) -> dict[str, Any]:
        """Return the crawler's line of GetCrawlerMetrics."""
        with self._lock:
            seconds = [crawl.seconds for crawl in self.crawls if crawl.ended]
            return {
                "CrawlerName": self.name,
                "TimeLeftSeconds": 0.0,
                "StillEstimating": self.state != "READY",
                "LastRuntimeSeconds": seconds[-1] if seconds else 0.0,
                "MedianRuntimeSeconds": statistics.median(seconds) if seconds else 0.0,
                "TablesCreated": sum(crawl.created for crawl in self.crawls),
                "TablesUpdated": sum(crawl.updated for crawl in self.crawls),
                "TablesDeleted": 0,
            }

    def _last_crawl(self, crawl: Crawl) -> dict[str, Any]:
        return {
            "Status": crawl.status,
            **({"ErrorMessage": "; ".join(crawl.errors)} if crawl.errors else {}),
            "StartTime": crawl.started,
            "LogGroup": LOG_GROUP,
            "LogStream": self.name,
            "MessagePrefix": crawl.started.isoformat(),
        }

    def _run(self, crawl: Crawl) -> None:
        for location in delta_locations(self.definition):
            if self.state == "STOPPING":
                break
            try:
                self._crawl_table(crawl, location)
            except Exception as error:  # a bad target fails the crawl; the others are still read
                crawl.errors.append(f"{location}: {error}")
        self._finish(crawl)

    def _finish(self, crawl: Crawl) -> None:
        with self._lock:
            failed = "FAILED" if crawl.errors else "SUCCEEDED"
            crawl.status = "CANCELLED" if self.state == "STOPPING" else failed
            crawl.ended = datetime.now(UTC)
            self.state = "READY"
        log.info("%s ended %s %s", self.name, crawl.status, "; ".join(crawl.errors))

    def _crawl_table(self, crawl: Crawl, location: str) -> None:
        """Create the table in the catalog, or update it where the log says otherwise."""
        if not self._holds_objects(location):
            log.warning("%s passes over %s: nothing is there yet", self.name, location)
            return
        table = open_delta_table(location, self.storage_options)
        name = table_name(self.definition.get("TablePrefix") or "", location)
        found = table_input(table, name, location, self.name)
        database = self.definition["DatabaseName"]
        try:
            known = self.catalog.get_table(database, name).as_dict()
        except TableNotFoundException:
            self.catalog.create_table(database, name, found)
            crawl.created += 1
            return
        if any(known.get(key) != value for key, value in found.items()):
            self.catalog.update_table(database, name, found)
            crawl.updated += 1

    def _holds_objects(self, location: str) -> bool:
        bucket, _, folder = location.removeprefix("s3://").partition("/")
        prefix = folder.rstrip("/") + "/"
        return self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)["KeyCount"] > 0


def delta_locations(definition: dict[str, Any]) -> list[str]:
    """Return the paths of all Delta targets."""
    targets = definition["Targets"]["DeltaTargets"]
    return [location for target in targets for location in target["DeltaTables"]]


def table_name(prefix: str, location: str) -> str:
    """Return the catalog's name for the table at `location`: the last part of its path."""
    return prefix + re.sub(r"\W", "_", location.rstrip("/").rpartition("/")[2]).lower()
