import csv
import hashlib
import io
from collections import Counter
from pathlib import Path

import pytest

from local_stack.sample import dirty_records, write_sample
from local_stack.sample_dirt import DIRT, DIRT_COUNTS, FILE_DIRT
from local_stack.sample_files import (
    BROKEN,
    EXTRA_COLUMN,
    FROM_WINDOWS,
    REORDERED,
    WITH_EXTRA_COLUMN,
    make_files,
)

# pragma: allowlist nextline secret
SAMPLE_SHA256 = "10bdc8366af05305aa5d13c0d483ca0b6bae9d374a374c5170cd6d74cfdba1c7"
SHAPES = {kind for kind, dirt in DIRT.items() if dirt.width}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("sample")
    write_sample(folder)
    return folder


def read(sample: Path, name: str) -> list[dict[str, str]]:
    text = (sample / name).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def rows(sample: Path, dataset: str) -> list[dict[str, str]]:
    names = sorted(path.name for path in (sample / dataset).glob("*.csv"))
    return [row for name in names for row in read(sample, f"{dataset}/{name}")]


def dirty(kind: str) -> list[dict[str, str]]:
    return [record.raw_record or {} for record in dirty_records() if record.kind == kind]


def test_the_sample_has_the_same_bytes_every_time() -> None:
    contents = hashlib.sha256(b"".join(file.content() for file in make_files())).hexdigest()

    assert contents == SAMPLE_SHA256


def test_an_earlier_sample_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders" / "old.csv").write_text("old")

    written = write_sample(tmp_path)

    assert sorted(tmp_path.rglob("*.csv")) == sorted(written)


def test_every_kind_of_dirt_occurs_as_often_as_it_says() -> None:
    assert Counter(record.kind for record in dirty_records()) == DIRT_COUNTS


def test_every_record_that_is_not_declared_dirty_is_the_only_one_with_its_key(
    sample: Path,
) -> None:
    keys = {
        "products": ("product_id",),
        "orders": ("order_id",),
        "order_items": ("order_id", "product_id"),
    }
    for dataset, key in keys.items():
        found = Counter(tuple(row[column] for column in key) for row in rows(sample, dataset))
        repeated = sum(count - 1 for count in found.values())
        copies = sum(d.count for d in DIRT.values() if d.dataset == dataset and d.is_copy)
        empty = DIRT_COUNTS["null key"] - 1 if dataset == "orders" else 0
        assert repeated == copies + empty


@pytest.mark.parametrize(
    ("kind", "column", "text"),
    [
        pytest.param("bad number", "total_amount", "23,95", id="bad number"),
        pytest.param("bad timestamp", "order_timestamp", "01.04.2025 11:27", id="bad timestamp"),
        pytest.param(
            "impossible timestamp", "order_timestamp", "2025-02-30T11:27:00", id="impossible"
        ),
        pytest.param("null key", "order_id", "", id="null key"),
        pytest.param("null user", "user_id", "", id="null user"),
        pytest.param("outside enum", "reordered", "2", id="outside enum"),
        pytest.param("outside range", "total_amount", "-4.20", id="outside range"),
    ],
)
def test_a_dirty_value_is_in_the_files_exactly_as_often_as_declared(
    sample: Path, kind: str, column: str, text: str
) -> None:
    broken = {tuple(row.values()) for row in read(sample, BROKEN)}
    found = [
        row
        for row in rows(sample, DIRT[kind].dataset)
        if row.get(column) == text and tuple(row.values()) not in broken
    ]

    assert len(found) == DIRT_COUNTS[kind]


def test_a_conflicting_duplicate_is_less_than_the_record_it_copies(sample: Path) -> None:
    amounts: dict[str, list[float]] = {}
    for row in rows(sample, "orders"):
        if row["order_id"] and row["total_amount"] != "23,95":
            amounts.setdefault(row["order_id"], []).append(float(row["total_amount"]))

    for record in dirty("conflicting duplicate"):
        assert float(record["total_amount"]) == min(amounts[record["order_id"]])
        assert len(set(amounts[record["order_id"]])) == 2


def test_nothing_clean_refers_to_a_record_that_is_refused(sample: Path) -> None:
    refused = {record["order_id"] for record in rows_refused("orders")}
    refused |= {row["order_id"] for row in read(sample, BROKEN)}
    unsold = {record["product_id"] for record in rows_refused("products")}
    items = rows(sample, "order_items")

    assert refused.isdisjoint(item["order_id"] for item in items)
    assert unsold.isdisjoint(item["product_id"] for item in items)


def rows_refused(dataset: str) -> list[dict[str, str]]:
    kinds = {kind for kind, dirt in DIRT.items() if not dirt.is_copy}
    return [
        record.raw_record
        for record in dirty_records()
        if record.dataset == dataset and record.kind in kinds and record.raw_record
    ]


def test_unknown_references_are_in_no_file(sample: Path) -> None:
    orders = {row["order_id"] for row in rows(sample, "orders")}
    products = {row["product_id"] for row in rows(sample, "products")}

    assert orders.isdisjoint(record["order_id"] for record in dirty("unknown order"))
    assert products.isdisjoint(record["product_id"] for record in dirty("unknown product"))


@pytest.mark.parametrize("kind", sorted(SHAPES))
def test_a_record_of_another_shape_is_told_with_its_whole_text(sample: Path, kind: str) -> None:
    for record in (record for record in dirty_records() if record.kind == kind):
        assert record.raw_record is not None
        lines = (sample / record.file).read_text().splitlines()
        assert record.raw_record["_record"] in lines


def test_the_file_without_a_required_column_is_refused_whole() -> None:
    (whole,) = [record for record in dirty_records() if record.kind == FILE_DIRT]

    assert (whole.file, whole.reasons) == (BROKEN, ("missing_column:user_id",))
    assert whole.raw_record is None


def test_one_file_has_its_columns_in_another_order(sample: Path) -> None:
    usual = (sample / "orders" / "2025-04-01.csv").read_text().splitlines()[0].split(",")
    header = (sample / REORDERED).read_text().splitlines()[0].split(",")

    assert header != usual
    assert sorted(header) == sorted(usual)


def test_one_file_has_a_byte_order_mark_and_ends_its_lines_as_windows_does(sample: Path) -> None:
    content = (sample / FROM_WINDOWS).read_bytes()

    assert content.startswith(b"\xef\xbb\xbforder_num,")
    assert content.count(b"\r\n") == content.count(b"\n")


def test_one_file_has_a_column_that_the_contract_does_not_know(sample: Path) -> None:
    header = (sample / WITH_EXTRA_COLUMN).read_text().splitlines()[0]

    assert header.endswith(f",{EXTRA_COLUMN}")


def test_some_product_names_hold_commas_and_quotes(sample: Path) -> None:
    names = [row["product_name"] for row in rows(sample, "products")]

    assert any("," in name for name in names)
    assert any('"' in name for name in names)
