"""What a dataset's batches may be like: the contract's customProperties of a dataset."""

from dataclasses import dataclass, fields, replace
from typing import Any

from open_data_contract_standard.model import SchemaObject


class LimitError(ValueError):
    """The contract has a limit that the load does not know, or can't use."""


@dataclass(frozen=True)
class Limits:
    """The limits of one dataset; None stands for no limit.

    max_reject_share: highest share, 0 to 1, of rejected rows in the rows read. patience_days: how
    long a row waits for its parents. min_usual_share: a batch with a smaller share than this of
    the usual rows is far too small.
    """

    max_reject_share: float | None = None
    patience_days: int = 3
    min_usual_share: float = 0.1

    def with_max_reject_share(self, share: float | None) -> "Limits":
        """Return these limits with another share, if one is given."""
        return self if share is None else replace(self, max_reject_share=share)


def read_limits(table: SchemaObject) -> Limits:
    """Return the limits in the customProperties of a dataset.

    Raises LimitError for a property that is none of them, or is no number of its range.
    """
    known = {field.name for field in fields(Limits)}
    values: dict[str, Any] = {}
    for each in table.customProperties or []:
        if each.property not in known:
            raise LimitError(f"{table.name}: {each.property} is not one of {sorted(known)}")
        values[each.property] = _number(f"{table.name}.{each.property}", each.value)
    return Limits(**values)


def _number(place: str, value: Any) -> float | int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise LimitError(f"{place}: {value!r} is no number from 0 on")
    if not place.endswith("_days"):
        if value > 1:
            raise LimitError(f"{place}: {value!r} is no share; write 0.2 for 20 %")
        return value
    if not isinstance(value, int):
        raise LimitError(f"{place}: {value!r} is no number of whole days")
    return value
