"""Work on several tables at once: much of it is Spark's planning, which takes one core for each."""

from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)
Result = TypeVar("Result")


def run_side_by_side(calls: Mapping[Name, Callable[[], Result]]) -> dict[Name, Result]:
    """Call each in a thread of its own, and return what they return, by name.

    When all have ended, raises what the first in the order of `calls` raised, if any did.
    """
    with ThreadPoolExecutor(max_workers=len(calls) or None) as threads:
        running = {name: threads.submit(call) for name, call in calls.items()}
    return {name: each.result() for name, each in running.items()}
