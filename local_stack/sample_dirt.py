"""The dirt in the sample files: every kind that the load refuses, and how often each occurs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

SCHEMA, QUALITY, REFERENCES = "schema_validation", "data_quality", "referential_integrity"


@dataclass(frozen=True)
class Dirt:
    """One kind of dirty record: where and how often it occurs, and what the load says of it.

    A dirty record is one of its own that nothing refers to, or a copy of a clean one in its file;
    `changes` replaces values in it (``{n}`` counts), `width` adds or takes away fields.
    """

    dataset: str
    count: int
    category: str | None
    reason: str | None
    changes: Mapping[str, str] = field(default_factory=dict)
    width: int = 0
    is_copy: bool = False


DIRT: Mapping[str, Dirt] = MappingProxyType({
    "short record": Dirt("order_items", 5, SCHEMA, "short_record", width=-2),
    "long record": Dirt("products", 3, SCHEMA, "long_record", width=1),
    "bad number": Dirt(
        "orders", 6, SCHEMA, "bad_number:total_amount", {"total_amount": "23,95"}
    ),
    "bad timestamp": Dirt(
        "order_items", 7, SCHEMA, "bad_timestamp:order_timestamp",
        {"order_timestamp": "01.04.2025 11:27"},
    ),
    "impossible timestamp": Dirt(
        "orders", 4, SCHEMA, "bad_timestamp:order_timestamp",
        {"order_timestamp": "2025-02-30T11:27:00"},
    ),
    "null key": Dirt("orders", 5, QUALITY, "missing_value:order_id", {"order_id": ""}),
    "null user": Dirt("orders", 8, QUALITY, "missing_value:user_id", {"user_id": ""}),
    "outside enum": Dirt("order_items", 6, QUALITY, "not_in_enum:reordered", {"reordered": "2"}),
    "outside range": Dirt(
        "orders", 9, QUALITY, "out_of_range:total_amount", {"total_amount": "-4.20"}
    ),
    "exact duplicate": Dirt("order_items", 12, None, None, is_copy=True),
    # Of two records with one key the greater wins, so this loses against the one it copies.
    "conflicting duplicate": Dirt(
        "orders", 4, QUALITY, "conflicting_duplicate", {"total_amount": "0.10"}, is_copy=True
    ),
    "unknown order": Dirt(
        "order_items", 10, REFERENCES, "unknown_reference:order_id", {"order_id": "90000{n}"}
    ),
    "unknown product": Dirt(
        "order_items", 11, REFERENCES, "unknown_reference:product_id", {"product_id": "80000{n}"}
    ),
})  # fmt: skip

# A whole file; its records are not even read.
FILE_DIRT = "missing column"
FILE_WITHOUT = "user_id"
FILE_REASON = f"missing_column:{FILE_WITHOUT}"

DIRT_COUNTS: Mapping[str, int] = MappingProxyType(
    {kind: dirt.count for kind, dirt in DIRT.items()} | {FILE_DIRT: 1}
)
