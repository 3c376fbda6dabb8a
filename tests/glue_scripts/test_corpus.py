"""The corpus of odd files, each loaded alone into tables that hold a little."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lakehouse_airflow.headers import judge_header
from lakehouse_spark.contract import Contract
from pyspark.sql import SparkSession

from tests.corpus.corpus import BASE, Case, read_cases
from tests.glue_scripts.shop import Shop

LOADED = [case for case in read_cases() if not case.refused]


def plan(shop: Shop, batch_id: str, day: int, *files: tuple[str, str, bytes]) -> str:
    """Deliver files (dataset, name, content) on a day of May, and plan them as Airflow does."""
    shop.records(batch_id).create(
        "manifest.json",
        {
            "batch_id": batch_id,
            "planned_at": datetime(2025, 5, day, 12, tzinfo=UTC).isoformat(),
            "contract_version": shop.contract.version,
            "files": [planned(shop, day, *file) for file in files],
        },
    )
    return batch_id


def planned(shop: Shop, day: int, dataset: str, name: str, content: bytes) -> dict[str, Any]:
    key = f"raw/{dataset}/{name}"
    shop.storage.put(key, content)
    found = shop.storage.identify(key)
    assert found is not None
    return {
        "dataset": dataset,
        "key": key,
        "version_id": found.version_id,
        "etag": found.etag,
        "size": len(content),
        "delivered_at": datetime(2025, 5, day, 9, tzinfo=UTC).isoformat(),
        "columns": judge_header(content, whole=True, required=()).columns,
        "header": {"verdict": "accepted", "reasons": []},
    }


@pytest.fixture(scope="module")
def base(
    spark: SparkSession, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> Shop:
    """A shop with the orders and products 1 to 5."""
    shop = Shop(spark, contract, tmp_path_factory.mktemp("base"))
    files = [(path.stem, path.name, path.read_bytes()) for path in BASE.glob("*.csv")]
    shop.load(plan(shop, "base", 1, *files))
    return shop


@pytest.mark.parametrize("case", LOADED, ids=lambda case: case.file)
def test_rows_have_the_expected_outcomes_and_reasons(
    case: Case, base: Shop, tmp_path: Path
) -> None:
    shop = base.copy(tmp_path)
    name = case.file.partition("/")[2]
    ledger = shop.load(plan(shop, "odd", 2, (case.dataset, name, case.content)))

    [counted] = ledger["files"]
    outcomes = {outcome: count for outcome, count in counted["outcomes"].items() if count}
    refused = shop.rows("rejected", "reasons")
    reasons = Counter(reason for [reasons] in refused for reason in reasons)
    assert (counted["read"], outcomes, reasons) == (case.read, case.outcomes, case.reasons)
