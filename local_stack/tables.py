"""Tables for a terminal."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 1000
NULL = Text("null", style="dim")


def make_console() -> Console:
    """Return standard output; into a file or a pipe, lines are as long as they need to be.

    What is printed is data: nothing in it is taken for markup.
    """
    width = None if sys.stdout.isatty() else WIDE
    return Console(width=width, markup=False, emoji=False, highlight=False, soft_wrap=False)


def make_table(
    title: str | None,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    numeric: Iterable[str] = (),
) -> Table:
    """Return a table; `numeric` columns are set to the right, None is shown as null."""
    table = Table(
        title=title,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        padding=0,  # a ledger with all its outcomes fits 80 columns
    )
    right = set(numeric)
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(NULL if value is None else Text(str(value)) for value in row))
    return table
