"""What takes long runs with LAKEHOUSE_LONG=1, or when it is asked for with -m long.

What needs a container engine runs only when it is asked for, with -m compose.
"""

import os
from collections.abc import Iterator
from functools import cache

import botocore.session
import pytest

LONG = os.environ.get("LAKEHOUSE_LONG") == "1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked_for = str(config.option.markexpr)
    runs = {"long": LONG or "long" in asked_for, "compose": "compose" in asked_for}
    unasked = [name for name, run in runs.items() if not run]
    left_out = [item for item in items if any(map(item.get_closest_marker, unasked))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session", autouse=True)
def services_described_once() -> Iterator[None]:
    """Have the services' descriptions, some of them megabytes, not read anew for each client."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        loader = cache(botocore.session.create_loader)
        monkeypatch.setattr(botocore.session, "create_loader", loader)
        yield
