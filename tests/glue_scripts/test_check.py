from pathlib import Path
from typing import Any

import pytest
from lakehouse_spark.check import NotLoadedError, check_batch
from lakehouse_spark.quality import ScanError

from tests.glue_scripts.shop import Shop

SODA = sorted((Path(__file__).parents[2] / "include/soda").glob("*.soda.yml"))
ORDERS = "order_num,order_id,user_id,order_timestamp,total_amount,date\n"


def check(shop: Shop, batch_id: str, files: list[Path] = SODA) -> dict[str, Any]:
    return check_batch(shop.spark, shop.storage.root, shop.records(batch_id), shop.contract, files)


def load(shop: Shop, batch_id: str, date: str = "2025-04-01") -> None:
    shop.deliver("orders", f"{batch_id}.csv", f"{ORDERS}1,1,7,2025-04-01T11:27:00,9.50,{date}\n")
    shop.load(shop.plan(batch_id))


def test_every_dataset_of_the_contract_has_checks(shop: Shop) -> None:
    named = {path.name.removesuffix(".soda.yml") for path in SODA}
    assert named == {dataset.name for dataset in shop.contract.datasets}


def test_a_sound_batch_passes_every_check(shop: Shop) -> None:
    load(shop, "b1")
    report = check(shop, "b1")
    assert report == shop.records("b1").read("quality.json")
    assert (report["verdict"], report["score"], report["attempt"]) == ("pass", 100.0, 1)


def test_rows_that_are_not_what_the_ledger_says_fail_the_verdict(shop: Shop) -> None:
    load(shop, "b1")
    ledger = shop.records("b1").read("load.json")
    assert ledger is not None
    ledger["datasets"]["orders"]["outcomes"]["inserted"] += 1
    shop.records("b1").put("load.json", ledger)
    report = check(shop, "b1")
    failed = [each["name"] for each in report["checks"] if each["outcome"] != "pass"]
    assert (report["verdict"], failed) == ("fail", ["orders written equal the ledger"])


def test_a_date_that_is_not_the_day_of_the_order_is_a_warning(shop: Shop) -> None:
    load(shop, "b1", date="2025-04-02")
    report = check(shop, "b1")
    assert report["verdict"] == "pass"
    assert report["score"] < 100


def test_a_batch_that_is_not_loaded_is_not_checked(shop: Shop) -> None:
    with pytest.raises(NotLoadedError, match="clear load_delta"):
        check(shop, "b1")


def test_a_batch_without_checks_files_is_not_checked(shop: Shop) -> None:
    load(shop, "b1")
    with pytest.raises(ScanError, match="extra-files"):
        check(shop, "b1", [])


def test_an_archived_batch_keeps_its_report(shop: Shop) -> None:
    load(shop, "b1")
    shop.records("b1").put("quality.json", {"verdict": "pass", "score": 12})
    shop.records("b1").put("archived.json", {"files": []})
    assert check(shop, "b1")["score"] == 12
