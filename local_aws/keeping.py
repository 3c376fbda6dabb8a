"""Local AWS's state in a file: before an answer leaves, what it tells of is written down.

So what any client has been told is still true after a kill. Kept are S3, the catalog, jobs, Glue
runs and crawlers, queues, topics and metrics. A Glue run that was going on has failed, as its
process is gone: a state file is for a container, in which nothing outlives local AWS.
"""

import threading
from pathlib import Path
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.base_backend import BackendDict, BaseBackend
from moto.s3.models import s3_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from local_aws.glue_backend import LocalGlueBackend
from local_aws.kept_objects import keep_objects, note_changes, restore_objects
from local_aws.pickling import FORM, dumps, loads
from local_aws.settings import ACCOUNT
from local_aws.state_file import StateFile

PARTITION = "aws"
PLAIN: dict[str, Any] = {
    "sqs": sqs_backends,
    "sns": sns_backends,
    "cloudwatch": cloudwatch_backends,
}
STATE_FILE = "state.sqlite"


class Keeper:
    """Keeps the state of one local AWS under its home."""

    def __init__(self, home: Path, glue: "BackendDict[LocalGlueBackend]") -> None:
        """Open the file, and put back what is in it.

        Raises:
            SystemExit: the file was written by another version.
        """
        note_changes()
        self._file = StateFile(home / STATE_FILE)
        self._file.require_form(FORM)
        self._glue = glue
        self._lock = threading.Lock()
        self._restore()

    def keep(self, service: str) -> None:
        """Write down what a request to `service` may have changed, or told of."""
        with self._lock:
            if service == "s3":
                keep_objects(self._file, s3_backends[ACCOUNT][PARTITION])
            else:
                self._keep_others()

    def _keep_others(self) -> None:
        contents: dict[str, bytes | None] = {}
        for name, backend in self._others():
            state = dumps(state_of(backend), backend)
            if state != self._file.get(name):
                contents[name] = state
        self._file.put(contents)

    def _others(self) -> list[tuple[str, BaseBackend]]:
        """Return all backends in use but S3's, by service and region."""
        return [
            (f"{service} {region}", backend)
            for service, backends in {**PLAIN, "glue": self._glue}.items()
            for account, region, backend in backends.iter_backends()
            if account == ACCOUNT
        ]

    def _restore(self) -> None:
        restore_objects(self._file, s3_backends[ACCOUNT][PARTITION])
        for service, backends in PLAIN.items():
            for region, content in self._file.under(f"{service} "):
                backend = backends[ACCOUNT][region]
                backend.__dict__.update(loads(content, backend))
        for region, content in self._file.under("glue "):
            glue = self._glue[ACCOUNT][region]
            glue.restore(loads(content, glue))


def state_of(backend: BaseBackend) -> dict[str, object]:
    """Return what is kept of a backend."""
    return backend.kept() if isinstance(backend, LocalGlueBackend) else backend.__dict__
