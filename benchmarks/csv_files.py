"""Tables as the supplier's CSV text."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

TIMESTAMP = "%Y-%m-%dT%H:%M:%S"


def as_text(table: pa.Table) -> pa.Table:
    """Return the table with every value as its text in a file; a null stays one."""
    return pa.table({name: _texts(table[name]) for name in table.column_names})


def write_csv(texts: pa.Table, path: Path) -> None:
    """Write a table of texts with its header; Arrow's own writer would quote every number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = pc.binary_join_element_wise(
        *texts.columns, ",", null_handling="replace", null_replacement=""
    )
    path.write_text("\n".join([",".join(texts.column_names), *lines.to_pylist(), ""]))


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, TIMESTAMP)
    if pa.types.is_string(column.type):
        doubled = pc.replace_substring(column, '"', '""')
        return pc.binary_join_element_wise('"', doubled, '"', "")
    return column.cast(pa.string())
