"""Glue's backend: moto's catalog, and jobs, runs and crawlers that do what they say."""

from typing import Any

import moto.glue.models as moto_models
from moto.glue import urls as moto_urls
from moto.logs.models import logs_backends

from local_aws.aws_clients import s3_client
from local_aws.crawlers import Crawlers
from local_aws.glue_jobs import GlueJobs
from local_aws.glue_runs import GlueRuns
from local_aws.settings import ACCOUNT, Settings, delta_storage_options


class LocalGlueBackend(moto_models.GlueBackend):
    """The Glue of one region: moto keeps databases, tables and tags, we keep and run the rest."""

    def __init__(self, settings: Settings, region_name: str, account_id: str) -> None:
        """Start with no jobs and no crawlers."""
        super().__init__(region_name, account_id)
        self.settings = settings
        logs = logs_backends[account_id][region_name]
        self.job_definitions = GlueJobs()
        s3 = s3_client(settings.endpoint)
        self.runs = GlueRuns(settings, region_name, logs, s3)
        options = delta_storage_options(settings.endpoint, region_name)
        self.crawler_states = Crawlers(self, options, s3)

    def reset(self) -> None:
        """Forget everything, as moto's reset asks, but let no process go on unseen."""
        self.close()
        settings, region_name, account_id = self.settings, self.region_name, self.account_id
        self.__dict__ = {}
        LocalGlueBackend.__init__(self, settings, region_name, account_id)

    def close(self) -> None:
        """End every run."""
        self.runs.close()

    def kept(self) -> dict[str, Any]:
        """Return the state that outlives this process; `restore` takes it."""
        ours = ("settings", "job_definitions", "runs", "crawler_states")
        return {
            "catalog": {name: value for name, value in self.__dict__.items() if name not in ours},
            "jobs": self.job_definitions,
            "runs": self.runs.kept(),
            "crawlers": self.crawler_states.kept(),
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Go on from what another process kept; what it was at when it ended has failed."""
        self.__dict__.update(kept["catalog"])
        self.job_definitions = kept["jobs"]
        self.runs.restore(kept["runs"])
        self.crawler_states.restore(kept["crawlers"])

    def arn(self, kind: str, name: str) -> str:
        """Return the name by which tags know a job or crawler."""
        return f"arn:aws:glue:{self.region_name}:{ACCOUNT}:{kind}/{name}"

    @property
    def _url_module(self) -> Any:
        return moto_urls
