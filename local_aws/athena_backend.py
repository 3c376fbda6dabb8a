"""Athena's backend: moto's workgroups, and queries that are answered."""

from typing import Any

import moto.athena.models as moto_models
import moto.glue.models as glue_models
from moto.athena import urls as moto_urls

from local_aws.athena_queries import AthenaQueries
from local_aws.aws_clients import s3_client
from local_aws.settings import Settings, delta_storage_options


class LocalAthenaBackend(moto_models.AthenaBackend):
    """The Athena of one region, over the Glue catalog of the same region."""

    def __init__(self, settings: Settings, region_name: str, account_id: str) -> None:
        """Start with no queries."""
        super().__init__(region_name, account_id)
        self.settings = settings
        catalog = glue_models.glue_backends[account_id][region_name]
        options = delta_storage_options(settings.endpoint, region_name)
        s3 = s3_client(settings.endpoint)
        self.queries = AthenaQueries(catalog, options, s3, settings.cores)

    def reset(self) -> None:
        """Forget everything, as moto's reset asks."""
        self.close()
        settings, region_name, account_id = self.settings, self.region_name, self.account_id
        self.__dict__ = {}
        LocalAthenaBackend.__init__(self, settings, region_name, account_id)

    def close(self) -> None:
        """Cancel every query."""
        self.queries.close()

    @property
    def _url_module(self) -> Any:
        return moto_urls
