from pathlib import Path

import pytest
from lakehouse_spark.batches import Record
from lakehouse_spark.check import NotLoadedError, check_batch
from lakehouse_spark.quality import ScanError

from tests.glue_scripts.shop import Shop

SODA = sorted((Path(__file__).parents[2] / "include/soda").glob("*.soda.yml"))
# One order of the first delivery was placed late on the day before its UTC day.
LATE = "orders carry the date of their time"


def check(shop: Shop, files: list[Path] = SODA) -> Record:
    return check_batch(shop.spark, shop.contract, shop.storage, "first", files)


def failed_checks(report: Record) -> set[str]:
    return {each["name"] for each in report["checks"] if each["outcome"] != "pass"}


def test_every_dataset_of_the_contract_has_checks(shop: Shop) -> None:
    named = {path.name.removesuffix(".soda.yml") for path in SODA}
    assert named == {dataset.name for dataset in shop.contract.datasets}


def test_a_failed_warning_lowers_the_score_and_lets_the_batch_pass(loaded_shop: Shop) -> None:
    report = check(loaded_shop)
    assert report == loaded_shop.records("first").read("quality.json")
    assert (report["verdict"], report["attempt"], failed_checks(report)) == ("pass", 1, {LATE})
    assert report["score"] < 100
    assert report["datasets"]["products"] == 100


def test_rows_that_are_not_what_the_ledger_says_fail_the_verdict(loaded_shop: Shop) -> None:
    records = loaded_shop.records("first")
    ledger = records.read("load.json") or {}
    ledger["datasets"]["orders"]["outcomes"]["inserted"] += 1
    records.put("load.json", ledger)
    report = check(loaded_shop)
    assert report["verdict"] == "fail"
    assert failed_checks(report) == {"orders written equal the ledger", LATE}


def test_a_batch_that_is_not_loaded_is_not_checked(shop: Shop) -> None:
    with pytest.raises(NotLoadedError, match="clear load_delta"):
        check(shop)


def test_a_batch_without_checks_files_is_not_checked(shop: Shop) -> None:
    shop.records("first").put("load.json", {"datasets": {}})
    with pytest.raises(ScanError, match="extra-files"):
        check(shop, [])


def test_an_archived_batch_keeps_its_report(shop: Shop) -> None:
    shop.records("first").put("load.json", {"datasets": {}})
    shop.records("first").put("quality.json", {"verdict": "pass", "score": 12})
    shop.records("first").put("archived.json", {"files": []})
    assert check(shop)["score"] == 12
