"""One log line, and one time, for each step of a job."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

Counts = dict[str, int]

log = logging.getLogger("lakehouse_spark")


class Steps:
    """The steps of one run on a batch; `seconds` has the time of each that has ended well."""

    def __init__(self, batch_id: str) -> None:
        """Name `batch_id` in every line."""
        self.seconds: dict[str, float] = {}
        self._batch_id = batch_id

    @contextmanager
    def step(self, name: str) -> Iterator[Counts]:
        """Time what is done inside, and log it with the counts that it leaves in the dict."""
        counts: Counts = {}
        start = time.monotonic()
        yield counts
        self.seconds[name] = round(time.monotonic() - start, 2)
        counted = "".join(f" {key}={value}" for key, value in counts.items() if value)
        self.say("%s:%s in %.1f s", name, counted, self.seconds[name])

    def say(self, message: str, *values: object) -> None:
        """Log one line about the batch."""
        log.info("batch %s: " + message, self._batch_id, *values)


def start_log(level: str) -> None:
    """Send our log to the job's output at `level`, and that of the libraries from WARNING on."""
    logging.basicConfig(
        stream=sys.stdout, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s"
    )
    log.setLevel(level)
