"""Our Glue and Athena, put where moto's server looks for its own, and S3's listing mended."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import moto.athena.models as athena_models
import moto.glue.models as glue_models
from moto.athena import urls as athena_urls
from moto.core.base_backend import BackendDict
from moto.glue import urls as glue_urls

from local_aws.athena_actions import LocalAthenaResponse
from local_aws.athena_backend import LocalAthenaBackend
from local_aws.glue_actions import LocalGlueResponse
from local_aws.glue_backend import LocalGlueBackend
from local_aws.keeping import Keeper
from local_aws.s3_listing import hide_deleted_folders
from local_aws.settings import Settings


@dataclass(frozen=True)
class Installed:
    """What ends all that our services run, and what keeps their state, if it is to be kept."""

    end_all: Callable[[], None]
    keeper: Keeper | None


def install_services(settings: Settings) -> Installed:
    """Take moto's place for Glue and Athena."""
    hide_deleted_folders()
    new_backends: Any = BackendDict
    glue = new_backends(partial(LocalGlueBackend, settings), "glue")
    athena = new_backends(partial(LocalAthenaBackend, settings), "athena")
    glue_models.glue_backends, athena_models.athena_backends = glue, athena
    glue_urls.url_paths = dict.fromkeys(glue_urls.url_paths, LocalGlueResponse.dispatch)
    athena_urls.url_paths = dict.fromkeys(athena_urls.url_paths, LocalAthenaResponse.dispatch)

    def end_all() -> None:
        for backends in (athena, glue):
            for _, _, backend in backends.iter_backends():
                backend.close()

    return Installed(end_all, Keeper(settings.home, glue) if settings.keep_state else None)
