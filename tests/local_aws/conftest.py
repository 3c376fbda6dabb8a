"""One local AWS for all tests of this folder."""

import os
import sys
import tempfile
from collections.abc import Iterator

import pytest

from tests.local_aws.aws import Aws, running_aws

# Airflow reads this when it is first imported, and makes the folder.
if "airflow" not in sys.modules:
    os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-home-"))


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """Return the running local AWS."""
    with running_aws(tmp_path_factory.mktemp("local_aws") / "home") as running:
        yield running
