"""``python -m benchmarks.s3_server PORT FOLDER``, in Airflow's environment: local AWS that counts.

The modules of local AWS are imported by name, because types are checked where moto is not there.
"""

import json
import signal
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

from benchmarks.s3_requests import COUNTS

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class CountingServer:
    """Passes requests on to local AWS, and tells how many there were."""

    def __init__(self, application: Application) -> None:
        """Start from none."""
        self._application = application
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] == COUNTS:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [json.dumps(self._counts).encode()]
        with self._lock:
            self._counts[kind_of(environ["REQUEST_METHOD"], environ["QUERY_STRING"])] += 1
        return self._application(environ, start_response)


def kind_of(method: str, query: str) -> str:
    """Return the request's kind: its method, or LIST for one that lists keys."""
    is_list = method == "GET" and ("list-type=" in query or "prefix=" in query)
    return "LIST" if is_list else method


def serve(port: int, folder: str) -> None:
    """Serve S3 on the loopback port until SIGTERM; large objects are kept in the folder."""
    tempfile.tempdir = folder
    application = CountingServer(import_module("local_aws.server").LocalAws())
    server = import_module("local_aws.connections").listen("127.0.0.1", port, application)
    asked_to_end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked_to_end.set())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    asked_to_end.wait()
    server.shutdown()


if __name__ == "__main__":
    serve(int(sys.argv[1]), sys.argv[2])
