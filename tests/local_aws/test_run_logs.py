"""Why a run failed, read from what it wrote last."""

import pytest

from local_aws.run_logs import failure_message

CHAINED = """
INFO something before
Traceback (most recent call last):
  File "a.py", line 1, in <module>
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 3, in <module>
    raise RuntimeError("the load was refused")
RuntimeError: the load was refused
26/11/24 03:46:32 WARN ShutdownHookManager: a word after
"""
JAVA = """
Traceback (most recent call last):
  File "a.py", line 1, in <module>
py4j.protocol.Py4JJavaError: An error occurred while calling o45.save.
: java.io.IOException: no space left
\tat org.apache.spark.Something(Something.scala:76)
"""


@pytest.mark.parametrize(
    ("output", "message"),
    [
        pytest.param(CHAINED, "RuntimeError: the load was refused", id="the last exception"),
        pytest.param(
            JAVA,
            "py4j.protocol.Py4JJavaError: An error occurred while calling o45.save."
            ": java.io.IOException: no space left",
            id="an exception in Java with its cause",
        ),
        pytest.param("over the limit\n", "SystemExit: 3: over the limit", id="no exception"),
        pytest.param("", "SystemExit: 3: no message", id="nothing"),
    ],
)
def test_the_message_is_the_last_line_of_the_exception(output: str, message: str) -> None:
    lines = [line for line in output.splitlines() if line.strip()]
    assert failure_message(3, lines) == message
