"""One process that is AWS for this project: moto's applications, and ours in place of some."""

import logging
import os
import signal
import tempfile
import threading
from contextlib import nullcontext
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from local_aws.connections import listen
from local_aws.installation import install_services
from local_aws.keeping import Keeper
from local_aws.provision import provision
from local_aws.settings import Settings
from local_aws.unsupported import SERVICES, UnsupportedService, refusal

log = logging.getLogger(__name__)

READING = ("GET", "HEAD")
READY = "/_local_aws/ready"
"""Asks whether local AWS is set up: 200 or 503. No bucket can have this name."""


def backend_application(service: Any) -> Any:
    """Return moto's application for `service`, or one that refuses it."""
    return create_backend_app(service) if service in SERVICES else UnsupportedService(service)


class LocalAws(DomainDispatcherApplication):
    """Finds the service of a request and answers with its application.

    S3 requests are answered one at a time: moto looks whether a key exists and then writes it, and
    ``If-None-Match: *`` must hold between two clients. Each is about a millisecond of Python, which
    the interpreter would not run side by side anyway; bodies travel outside the lock.
    """

    def __init__(self, keeper: Keeper | None = None) -> None:
        """Start with no application: each is made when its first request comes."""
        super().__init__(backend_application)
        self.keeper = keeper
        self.ready = threading.Event()
        self.s3_lock = threading.Lock()
        self.backends_by_host: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """Return moto's name for the service at `host`; moto's own search takes a millisecond."""
        if host not in self.backends_by_host:
            self.backends_by_host[host] = super().get_backend_for_host(host)
        return self.backends_by_host[host]

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Answer one request; an error of ours is a 500 and logged, not a dropped connection."""
        service = None
        if environ["PATH_INFO"] == READY:
            return Response(status=200 if self.ready.is_set() else 503)(environ, start_response)
        try:
            application: Any = self.get_application(environ)
            service = application.service
            with self.s3_lock if service == "s3" else nullcontext():
                answer = application(environ, start_response)
                if self.keeper and (service != "s3" or environ["REQUEST_METHOD"] not in READING):
                    self.keeper.keep(service)
                return answer
        except NotImplementedError as error:
            return refusal(Request(environ), f"this in {service}: {error}")(environ, start_response)
        except Exception:
            log.exception("%s %s failed", environ["REQUEST_METHOD"], environ["PATH_INFO"])
            return Response("Local AWS failed, see its log.", 500)(environ, start_response)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then end every Glue run.

    Raises:
        SystemExit: the port is taken.
    """
    large_objects = settings.home / "objects"
    large_objects.mkdir(parents=True, exist_ok=True)
    # moto keeps small objects in memory and puts the others where temporary files go.
    tempfile.tempdir = str(large_objects)
    installed = install_services(settings)
    application = LocalAws(installed.keeper)
    server = listen(settings.host, settings.port, application)
    asked_to_end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked_to_end.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if settings.project:
        provision(settings.project, settings.endpoint)
    application.ready.set()
    print(f"local AWS is ready at {settings.endpoint}", flush=True)
    asked_to_end.wait()
    if installed.keeper:
        # As if killed: a run that is stopped in order would be kept as one that a person stopped.
        os._exit(0)
    installed.end_all()
    server.shutdown()
