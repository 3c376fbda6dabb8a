"""One log line, and one time, for each step of a job."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import DataFrame

Counts = dict[str, int]

log = logging.getLogger("lakehouse_spark")

SAMPLE_ROWS = 5


class Steps:
    """The steps of one run on a batch; `seconds` has the time of each that has ended well."""

    def __init__(self) -> None:
        """Begin without any."""
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[Counts]:
        """Time what is done inside, and log it with the counts that it leaves in the dict."""
        counts: Counts = {}
        start = time.monotonic()
        yield counts
        self.seconds[name] = round(time.monotonic() - start, 2)
        counted = "".join(f" {key}={value}" for key, value in counts.items() if value)
        log.info("%s:%s in %.1f s", name, counted, self.seconds[name])


@contextmanager
def job_log(level: str, batch_id: str) -> Iterator[None]:
    """Send our log to the job's output from `level` on, and that of the libraries from WARNING on.

    Every line names the batch; an exception is a line too, before it ends the job.
    """
    line = f"%(asctime)s %(levelname)s batch {batch_id}: %(message)s"
    logging.basicConfig(stream=sys.stdout, level=logging.WARNING, format=line, force=True)
    log.setLevel(level)
    try:
        yield
    except Exception as error:
        log.error("%s: %s", type(error).__name__, error)
        raise


def log_sample(name: str, df: DataFrame) -> None:
    """Log the plan of a frame and its first rows, which are for a level of DEBUG alone."""
    if log.isEnabledFor(logging.DEBUG):
        log.debug("plan of %s:\n%s", name, df._jdf.queryExecution().toString())
        for row in df.limit(SAMPLE_ROWS).collect():
            log.debug("row of %s: %s", name, row.asDict())
