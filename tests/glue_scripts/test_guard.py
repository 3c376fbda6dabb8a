"""What makes a batch untrustworthy, and what it leaves behind."""

import json
import logging
from typing import Any

import pytest
from lakehouse_spark.delta_log import Commit
from lakehouse_spark.guard import BatchRefused, Overrides, usual_reads
from pyspark.sql import SparkSession

from tests.glue_scripts.deliveries import ORDERS, PRODUCTS
from tests.glue_scripts.shop import Shop

BY_CONTRACT = Overrides()


def orders(*ids: object) -> str:
    rows = [f"1,{id_},7,2025-04-01T11:27:00,9.99,2025-04-01\n" for id_ in ids]
    return "".join([ORDERS, *rows])


def test_a_batch_with_too_many_rejects_touches_no_table(shop: Shop) -> None:
    shop.deliver("orders", "o.csv", orders(*range(1, 9), "x", "y"))
    with pytest.raises(BatchRefused, match=r"2 of 10 rows of orders are rejected \(20.0%, the"):
        shop.load(shop.plan("b1"), BY_CONTRACT)
    assert shop.versions() == dict.fromkeys(["products", "orders", "order_items", "rejected"], 0)
    records = shop.records("b1")
    assert records.read("load.json") is None
    assert records.read("attempts/1/base_versions.json") is None


def test_its_refusal_says_what_to_do(shop: Shop) -> None:
    shop.deliver("orders", "o.csv", orders("x", 1, 2))
    shop.deliver("products", "p.csv", PRODUCTS + "x,1,a,b\ny,1,a,b\n1,1,a,b\n")
    with pytest.raises(BatchRefused) as refusal:
        shop.load(shop.plan("b1"), BY_CONTRACT)
    assert str(refusal.value).endswith(
        f"All rejects are under {shop.storage.root}/batches/b1/rejects/, in Athena the table "
        "batch_rejects. Either mend the file, or the contract and its version, and clear "
        "plan_batch; or trigger a new DAG run, which takes up this batch, with max_reject_share "
        "from 0.67 on: to clear a task would keep the parameters of its run"
    )


def test_its_rejects_and_their_summary_can_be_asked_for(spark: SparkSession, shop: Shop) -> None:
    shop.deliver("orders", "o.csv", orders("x", "y", 0, 1))
    for _ in range(2):
        with pytest.raises(
            BatchRefused, match="Most of all bad_number:order_id in orders, 2 times"
        ):
            shop.load(
                "b1" if shop.records("b1").read("manifest.json") else shop.plan("b1"), BY_CONTRACT
            )
    folder = f"{shop.storage.root}/batches/b1/rejects"
    rows = spark.read.parquet(folder).select("reasons", "raw_record").collect()
    assert sorted((row["reasons"][0], row["raw_record"]["order_id"]) for row in rows) == [
        ("bad_number:order_id", "x"),
        ("bad_number:order_id", "y"),
        ("out_of_range:order_id", "0"),
    ]
    summary = json.loads(shop.storage.read("batches/b1/rejects/_summary.json") or b"")
    assert summary["over_limit"] == [
        {"dataset": "orders", "read": 4, "rejected": 3, "share": 0.75, "limit": 0.1}
    ]
    assert summary["reasons"][0] == {
        "dataset": "orders",
        "category": "schema_validation",
        "reason": "bad_number:order_id",
        "count": 2,
    }


def test_a_share_at_the_limit_is_loaded_and_so_is_one_that_a_person_allows(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.deliver("orders", "o.csv", orders(*range(1, 10), "x"))
    with caplog.at_level(logging.WARNING, "lakehouse_spark"):
        shop.load(shop.plan("b1"), BY_CONTRACT)
    assert caplog.messages == ["1 of 10 rows of orders are rejected: 0.100, and the limit is 0.100"]
    shop.deliver("orders", "p.csv", orders("x", 11))
    shop.load(shop.plan("b2"), Overrides(max_reject_share=0.5))
    assert shop.table("orders").count() == 10


def test_far_fewer_rows_than_usual_are_a_warning_or_a_failure(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    for place in range(3):
        shop.deliver("orders", f"{place}.csv", orders(*range(place * 20 + 1, place * 20 + 21)))
        assert shop.load(shop.plan(f"b{place}"))["warnings"] == []
    shop.deliver("orders", "few.csv", orders(99))
    batch = shop.plan("few")
    with pytest.raises(BatchRefused, match="orders has 1 rows where 20 are usual"):
        shop.load(batch, Overrides(fail_on_shrinkage=True))
    versions = shop.versions()
    with caplog.at_level(logging.INFO, "lakehouse_spark"):
        ledger = shop.load(batch)
    assert ledger["warnings"] == [
        {"code": "far_smaller", "dataset": "orders", "read": 1, "usual": 20}
    ]
    assert "orders has 1 rows where 20 are usual" in caplog.text
    assert shop.versions()["orders"] == versions["orders"] + 1


def commit(step: str, batch_id: str, read: int, attempt: int = 1) -> Commit:
    metadata: dict[str, Any] = {"batch_id": batch_id, "attempt": attempt, "step": step}
    return Commit(1, "WRITE", metadata | {"counts": {"read": read}}, {})


def test_a_batch_that_was_taken_back_is_not_usual() -> None:
    commits = [
        commit("things", "b2", 7, attempt=2),
        commit("undo", "b2", 0),
        commit("things", "b2", 9),
        commit("things", "b1", 3),
        Commit(0, "CREATE TABLE", {}, {}),
    ]
    assert usual_reads("things", commits) == [7, 3]
