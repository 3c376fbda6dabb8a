"""The rows of the table of rejects."""

from datetime import UTC, datetime
from typing import Any

from lakehouse_spark.batches import Manifest, PlannedFile
from lakehouse_spark.rejects import changed_rejects, reject_rows
from lakehouse_spark.tables import REJECTED_COLUMNS, REJECTED_SCHEMA
from pyspark.sql import DataFrame, Row, SparkSession

CLASSIFIED = (
    "_outcome string, _category string, _reasons array<string>, _layout int, "
    "_fields array<string>, _record string, _source_file string, "
    "_delivered_at timestamp, _winner_file string, _first_seen_at timestamp, "
    f"_parked struct<{REJECTED_SCHEMA}>"
)
DELIVERED = datetime(2025, 5, 1, 9, tzinfo=UTC)
BAD = ("rejected", "schema_validation", ["bad_number:id"])


def manifest(batch_id: str, *files: PlannedFile) -> Manifest:
    return Manifest(batch_id, datetime(2025, 5, 2, 12, tzinfo=UTC), "1.0.0", files)


def file(key: str, *columns: str, reasons: tuple[str, ...] = (), etag: str = "e1") -> PlannedFile:
    return PlannedFile("things", key, "v1", etag, DELIVERED, columns, not reasons, reasons)


def record(
    *fields: str | None, text: str | None = None, key: str = "a", layout: int = 0
) -> tuple[Any, ...]:
    return (*BAD, layout, list(fields), text, key, DELIVERED, None, None, None)


def rejects(spark: SparkSession, batch: Manifest, *rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    rejects_df = reject_rows(spark, classified(spark, *rows), batch)
    return [row.asDict() for row in rejects_df.orderBy("source_file").collect()]


def classified(spark: SparkSession, *rows: tuple[Any, ...]) -> dict[str, DataFrame]:
    return {"things": spark.createDataFrame(list(rows), CLASSIFIED)}


def ids(found: list[dict[str, Any]]) -> list[str]:
    return sorted(row["reject_id"] for row in found)


def test_a_rejected_record_is_kept_as_it_came(spark: SparkSession) -> None:
    batch = manifest("b1", file("a", "name", "id"), file("b", "id", "age", "name"))
    [first, second] = rejects(
        spark,
        batch,
        ("inserted", None, [], 0, ["1", "2", "3"], None, "b", *[None] * 4),
        record("Ann", "x", key="a", layout=1),
        record("y", None, "Bob", key="b", layout=0),
    )
    assert first == {
        "reject_id": first["reject_id"],
        "dataset": "things",
        "category": "schema_validation",
        "reasons": ["bad_number:id"],
        "raw_record": {"name": "Ann", "id": "x"},
        "source_file": "a",
        "source_version": "v1",
        "delivered_at": datetime(2025, 5, 1, 9),
        "winner_file": None,
        "batch_id": "b1",
        "contract_version": "1.0.0",
        "status": "rejected",
        "first_seen_at": datetime(2025, 5, 2, 12),
        "last_seen_at": datetime(2025, 5, 2, 12),
        "attempts": 1,
    }
    assert second["raw_record"] == {"id": "y", "age": None, "name": "Bob"}


def test_a_record_that_does_not_fit_keeps_its_whole_text(spark: SparkSession) -> None:
    [found] = rejects(
        spark, manifest("b1", file("a", "id", "name")), record("1", "Ann", text="1,Ann,9")
    )
    assert found["raw_record"] == {"id": "1", "name": "Ann", "_record": "1,Ann,9"}


def test_a_file_that_is_rejected_whole_is_one_row_without_a_record(spark: SparkSession) -> None:
    batch = manifest("b1", file("a", "name", reasons=("missing_column:id",)))
    [found] = [row.asDict() for row in reject_rows(spark, {}, batch).collect()]
    assert (found["dataset"], found["category"]) == ("things", "schema_validation")
    assert (found["reasons"], found["raw_record"]) == (["missing_column:id"], None)
    assert len(found["reject_id"]) == 64


def test_equal_records_of_a_file_have_ids_of_their_own(spark: SparkSession) -> None:
    found = rejects(spark, manifest("b1", file("a", "id")), *[record("x")] * 3)
    assert len(set(ids(found))) == 3


def test_the_same_file_again_gives_the_same_ids(spark: SparkSession) -> None:
    rows = [record("x"), record("x"), record("y")]
    first = rejects(spark, manifest("b1", file("a", "id")), *rows)
    again = rejects(spark, manifest("b2", file("a", "id")), *reversed(rows))
    assert ids(first) == ids(again)


def test_other_content_of_a_file_gives_other_ids(spark: SparkSession) -> None:
    [first] = rejects(spark, manifest("b1", file("a", "id")), record("x"))
    [other] = rejects(spark, manifest("b1", file("a", "id", etag="e2")), record("x"))
    assert first["reject_id"] != other["reject_id"]


def test_a_header_that_repeats_a_name_does_not_stop_the_load(spark: SparkSession) -> None:
    [found] = rejects(spark, manifest("b1", file("a", "id", "", "")), record("x", "1", "2"))
    assert found["raw_record"] == {"id": "x", "": "2"}


def reject(id_: str, status: str = "rejected", day: int = 2, attempts: int = 1) -> Row:
    seen = datetime(2025, 5, day, 12)
    known = {"reject_id": id_, "status": status, "first_seen_at": seen, "attempts": attempts}
    return Row(**{name: known.get(name) for name in REJECTED_COLUMNS})


def changed(
    spark: SparkSession, fresh: list[Row], base: list[Row]
) -> dict[str, tuple[str, int, int]]:
    """Return status, day first seen and attempts by id."""
    fresh_df, base_df = (spark.createDataFrame(rows, REJECTED_SCHEMA) for rows in (fresh, base))
    rows = changed_rejects(fresh_df, base_df).collect()
    return {
        row["reject_id"]: (row["status"], row["first_seen_at"].day, row["attempts"]) for row in rows
    }


def test_rejects_that_the_table_has_are_left_out(spark: SparkSession) -> None:
    fresh = [reject("1"), reject("2"), reject("3")]
    base = [reject("2", day=1), reject("3", "waived", day=1)]
    assert changed(spark, fresh, base) == {"1": ("rejected", 2, 1)}


def test_a_record_that_comes_again_in_another_state_keeps_its_first_day(
    spark: SparkSession,
) -> None:
    base = [reject("1", "resolved", day=1, attempts=4)]
    assert changed(spark, [reject("1")], base) == {"1": ("rejected", 1, 5)}
