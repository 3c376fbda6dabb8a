"""The HTTP side: connections that stay open between requests, for S3A's many small ones."""

import io
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.test import run_wsgi_app

WITHOUT_CONTENT = (204, 304)


class KeepAliveHandler(MotoRequestHandler):
    """Answers request after request on one connection.

    Werkzeug closes after each answer, because an unread request body would be taken for the next
    request. Here the body is read whole before the application sees it, so nothing is left over.
    """

    protocol_version = "HTTP/1.1"
    # Head and body leave in two writes: without this the second waits for the first one's receipt.
    disable_nagle_algorithm = True

    def handle_expect_100(self) -> bool:
        """Invite the body of a request that asked first."""
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return True

    def run_wsgi(self) -> None:
        """Read one request whole, answer it whole."""
        self.environ = environ = self.make_environ()
        body = self._read_body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ.pop("wsgi.input_terminated", None)
        answer, status, headers = run_wsgi_app(self.server.app, environ, buffered=True)
        self._send(status, list(headers.items()), b"".join(answer))

    def _read_body(self, environ: dict[str, Any]) -> bytes:
        if "HTTP_TRANSFER_ENCODING" in environ:
            whole: bytes = environ["wsgi.input"].read()
            return whole
        return self.rfile.read(int(environ.get("CONTENT_LENGTH") or 0))

    def _send(self, status: str, headers: list[tuple[str, str]], content: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            self.send_header(name, value)
        named = {name.lower() for name, _ in headers}
        if "content-length" not in named and int(code) not in WITHOUT_CONTENT:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD" and content:
            self.wfile.write(content)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Stay silent: a Spark run makes hundreds of requests."""


def listen(host: str, port: int, application: Any) -> BaseWSGIServer:
    """Return a server of `application` on the address `host`, one thread a connection.

    Raises:
        SystemExit: the port is taken.
    """
    return make_server(host, port, application, threaded=True, request_handler=KeepAliveHandler)
