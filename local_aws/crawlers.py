"""The crawlers of one region: kept, refused where they would only pretend."""

from dataclasses import dataclass, field
from typing import Any

from moto.glue.models import GlueBackend
from mypy_boto3_s3 import S3Client

from local_aws.crawler import Crawler
from local_aws.errors import ApiError
from local_aws.glue_jobs import refuse


@dataclass
class Crawlers:
    """Crawlers by name."""

    catalog: GlueBackend
    storage_options: dict[str, str]
    s3: S3Client
    _by_name: dict[str, Crawler] = field(default_factory=dict)

    def create(self, definition: dict[str, Any]) -> None:
        """Keep a new crawler.

        Raises:
            ApiError: AlreadyExistsException, or InvalidInputException.
        """
        name = definition["Name"]
        if name in self._by_name:
            raise ApiError("AlreadyExistsException", f"Crawler {name} already exists.")
        check_crawler(definition)
        given = {key: value for key, value in definition.items() if key != "Tags"}
        self._by_name[name] = Crawler(given, self.catalog, self.storage_options, self.s3)

    def update(self, changes: dict[str, Any]) -> None:
        """Change a crawler that is not running.

        Raises:
            ApiError: EntityNotFound-, CrawlerRunning- or InvalidInputException.
        """
        crawler = self.get(changes["Name"])
        check_crawler({**crawler.as_dict(), **changes})
        crawler.update(changes)

    def delete(self, name: str) -> None:
        """Forget a crawler that is not running.

        Raises:
            ApiError: EntityNotFoundException, or CrawlerRunningException.
        """
        self.get(name).check_ready()
        del self._by_name[name]

    def get(self, name: str) -> Crawler:
        """Return the crawler.

        Raises:
            ApiError: EntityNotFoundException.
        """
        if name not in self._by_name:
            message = f"Crawler entry with name {name} does not exist"
            raise ApiError("EntityNotFoundException", message)
        return self._by_name[name]

    def kept(self) -> list[dict[str, Any]]:
        """Return every crawler's own state, for `restore`."""
        return [crawler.kept() for crawler in self._by_name.values()]

    def restore(self, kept: list[dict[str, Any]]) -> None:
        """Take over the crawlers of a process that has ended."""
        for state in kept:
            crawler = Crawler(
                catalog=self.catalog, storage_options=self.storage_options, s3=self.s3, **state
            )
            crawler.fail_unfinished()
            self._by_name[crawler.name] = crawler

    def all(self) -> list[Crawler]:
        """Return every crawler, oldest first."""
        return list(self._by_name.values())


def check_crawler(definition: dict[str, Any]) -> None:
    """Refuse a crawler that a crawl here could not honour.

    Raises:
        ApiError: InvalidInputException naming the setting and what to do.
    """
    targets = definition.get("Targets", {})
    others = [kind for kind, paths in targets.items() if paths and kind != "DeltaTargets"]
    if others or not targets.get("DeltaTargets"):
        refuse("local AWS crawls DeltaTargets only")
    if not definition.get("DatabaseName"):
        refuse("DatabaseName is missing")
    if definition.get("Schedule"):
        refuse("local AWS runs crawlers on StartCrawler only: leave out Schedule")
    if definition.get("SchemaChangePolicy", {}).get("UpdateBehavior") == "LOG":
        refuse("UpdateBehavior must be UPDATE_IN_DATABASE in local AWS")
    for target in targets["DeltaTargets"]:
        check_target(target)


def check_target(target: dict[str, Any]) -> None:
    """Refuse a Delta target that is not a native table.

    Raises:
        ApiError: InvalidInputException naming the setting and what to do.
    """
    if not target.get("CreateNativeDeltaTable") or target.get("WriteManifest"):
        refuse("a Delta target needs CreateNativeDeltaTable true and WriteManifest false")
    for location in target.get("DeltaTables", []):
        if not location.startswith("s3://"):
            refuse(f"{location} is not a path at s3://")
