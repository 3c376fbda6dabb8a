"""Pages of a list, as AWS gives them out: a token names the last item of the page before."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from local_aws.errors import ApiError

Item = TypeVar("Item")


def page(
    items: Sequence[Item], name: Callable[[Item], str], token: str | None, size: int
) -> tuple[list[Item], str | None]:
    """Return up to `size` items after the one that `token` names, and the token of the next page.

    Raises:
        ApiError: InvalidInputException for a token that names nothing.
    """
    names = [name(item) for item in items]
    if token and token not in names:
        raise ApiError("InvalidInputException", f"NextToken {token} is not valid")
    first = names.index(token) + 1 if token else 0
    chosen = list(items[first : first + size])
    more = first + size < len(items)
    return chosen, name(chosen[-1]) if more else None
