"""An HTTP proxy before local S3 that, at random, refuses, cuts and loses: as a bad day of AWS does.

What happens to a request is drawn from the seed, the request and how often it came, so that the
same seed is the same bad day, whatever the order in which threads ask.
"""

import http.client
import http.server
import json
import random
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

# Before a request is passed on S3 has done nothing; after it S3 has, and only the answer is lost.
BEFORE = ("500 before", "503 before", "cut before")
AFTER = ("500 after", "cut after", "half an answer")
# The share of faults that last for more tries than any client makes, so that the job fails.
LASTING, TRIES = 0.01, 6
CODES = {500: "InternalError", 503: "SlowDown"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
ONE_HOP = {"connection", "expect", "keep-alive", "transfer-encoding"}
AT_ONCE = struct.pack("ii", 1, 0)


class FaultProxy(http.server.ThreadingHTTPServer):
    """Passes requests on to `upstream`, and lets `rate` (0 to 1) of them go wrong."""

    daemon_threads = True

    def __init__(self, upstream: str, rate: float, seed: int, lost: Mapping[str, int]) -> None:
        """Lose also the first answers to some requests: how many, by pattern of method and path."""
        super().__init__(("127.0.0.1", 0), FaultyHandler)
        self.upstream = urlsplit(upstream)
        self.still_to_lose = Counter(lost)
        self.rate = rate
        self.seed = seed
        self.faults: Counter[str] = Counter()
        self._asked: Counter[str] = Counter()
        self._lasting: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """Return the address that clients use."""
        return f"http://127.0.0.1:{self.server_port}"

    def draw(self, method: str, path: str) -> str:
        """Return what goes wrong with this request; an empty text stands for nothing."""
        request = f"{method} {UUID.sub('', path)}"
        with self._lock:
            self._asked[request] += 1
            dice = random.Random(f"{self.seed} {request} {self._asked[request]}")
            if self._is_lost(request):
                fault = "cut after"
            else:
                fault = dice.choice(BEFORE + AFTER) if self._goes_wrong(request, dice) else ""
            self.faults[fault] += 1
        return fault

    def _is_lost(self, request: str) -> bool:
        found = [each for each in +self.still_to_lose if re.fullmatch(each, request)]
        self.still_to_lose.subtract(found)
        return bool(found)

    def _goes_wrong(self, request: str, dice: random.Random) -> bool:
        if self._lasting[request]:
            self._lasting[request] -= 1
            return True
        goes_wrong = dice.random() < self.rate
        if goes_wrong and dice.random() < LASTING:
            self._lasting[request] = TRIES
        return goes_wrong

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent when a client, which is killed or done, has closed its side."""


class FaultyHandler(http.server.BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FaultProxy

    def handle_one(self) -> None:
        """Read one request whole, and answer it, or do not."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.draw(self.command, self.path)
        if fault == "cut before":
            self._cut()
        elif fault in BEFORE:
            self._refuse(int(fault[:3]))
        else:
            self._answer(self._pass_on(body), fault)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_one

    def _pass_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        """Return status, headers and content of the true answer."""
        if self.headers.get("X-Amz-Target") == "AWSGlue.GetJobRun":
            return 200, [], json.dumps({"JobRun": {"JobRunState": "FAILED"}}).encode()
        connection = http.client.HTTPConnection(self.server.upstream.netloc, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ONE_HOP}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.getheaders(), content

    def _answer(self, answer: tuple[int, list[tuple[str, str]], bytes], fault: str) -> None:
        if fault == "cut after":
            self._cut()
        elif fault in AFTER and fault.startswith("500"):
            self._refuse(500)
        else:
            status, headers, content = answer
            is_half = fault == "half an answer"
            self._send(status, headers, content, len(content) // 2 if is_half else None)
            if is_half:
                self._cut()

    def _refuse(self, status: int) -> None:
        code = CODES[status]
        content = f"<Error><Code>{code}</Code><Message>A bad day.</Message></Error>".encode()
        self._send(status, [("Content-Type", "application/xml")], content)

    def _send(
        self, status: int, headers: list[tuple[str, str]], content: bytes, end: int | None = None
    ) -> None:
        self.send_response_only(status)
        kept = {name: value for name, value in headers if name.lower() not in ONE_HOP}
        if not any(name.lower() == "content-length" for name in kept) and status != 204:
            kept["Content-Length"] = str(len(content))
        for name, value in kept.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[:end])

    def _cut(self) -> None:
        """Close the connection at once, which the other side sees as a reset."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent: a load makes hundreds of requests."""


@contextmanager
def fault_proxy(
    upstream: str, rate: float, seed: int, lost: Mapping[str, int]
) -> Iterator[FaultProxy]:
    """Serve a proxy before `upstream`."""
    proxy = FaultProxy(upstream, rate, seed, lost)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()
