"""What takes long runs with LAKEHOUSE_LONG=1, or when it is asked for with -m long."""

import os

import pytest

LONG = os.environ.get("LAKEHOUSE_LONG") == "1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if LONG or "long" in str(config.option.markexpr):
        return
    left_out = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
