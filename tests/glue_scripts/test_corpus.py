"""The corpus of odd files, as the load sees them: each as if it came alone."""

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from lakehouse_airflow.headers import judge_header
from lakehouse_spark.contract import Contract
from pyspark.sql import SparkSession

from tests.corpus.corpus import BASE, Case, read_cases
from tests.glue_scripts.shop import Shop

LOADED = [case for case in read_cases() if not case.refused]

Fate = tuple[int, dict[str, int], dict[str, int]]
File = tuple[str, str, bytes]


@pytest.fixture(scope="module")
def fates(
    spark: SparkSession, contract: Contract, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Fate]:
    """What became of each file: rows read, counts of outcomes and of reasons."""
    base = Shop(spark, contract, tmp_path_factory.mktemp("base"))
    files = [(path.stem, path.name, path.read_bytes()) for path in BASE.glob("*.csv")]
    base.load(plan(base, "base", 1, files))
    fates: dict[str, Fate] = {}
    for cases in independent(LOADED, contract):
        shop = base.copy(tmp_path_factory.mktemp("odd"))
        files = [(case.dataset, case.file.partition("/")[2], case.content) for case in cases]
        ledger = shop.load(plan(shop, "odd", 2, files))
        fates |= {file["key"].removeprefix("raw/"): fate(shop, file) for file in ledger["files"]}
    return fates


@pytest.mark.parametrize("case", LOADED, ids=lambda case: case.file)
def test_rows_have_the_expected_outcomes_and_reasons(case: Case, fates: dict[str, Fate]) -> None:
    assert fates[case.file] == (case.read, case.outcomes, case.reasons)


def independent(cases: Iterable[Case], contract: Contract) -> list[list[Case]]:
    """Return the cases in as few batches as go without two files of a batch sharing a key.

    Files without a common key can't meet in a batch, so each is as if it came alone; and loading
    one by one would take ten minutes.
    """
    batches: dict[str, list[tuple[set[tuple[str, ...]], list[Case]]]] = defaultdict(list)
    for case in cases:
        keys = keys_of(case, contract)
        for taken, batch in batches[case.dataset]:
            if taken.isdisjoint(keys):
                taken |= keys
                batch.append(case)
                break
        else:
            batches[case.dataset].append((keys, [case]))
    return [batch for of_dataset in batches.values() for _, batch in of_dataset]


def keys_of(case: Case, contract: Contract) -> set[tuple[str, ...]]:
    """Return the keys of the file's records, roughly: a bad record has none that matters."""
    [key] = [dataset.key for dataset in contract.datasets if dataset.name == case.dataset]
    records = csv.DictReader(io.StringIO(case.content.decode("utf-8-sig"), newline=""))
    return {tuple((record[name] or "").lstrip("0") for name in key) for record in records}


def fate(shop: Shop, file: dict[str, Any]) -> Fate:
    outcomes = {outcome: count for outcome, count in file["outcomes"].items() if count}
    refused = shop.table("rejected").where(f"source_file = '{file['key']}'").select("reasons")
    reasons = Counter(reason for [reasons] in refused.collect() for reason in reasons)
    return file["read"], outcomes, dict(reasons)


def plan(shop: Shop, batch_id: str, day: int, files: Iterable[File]) -> str:
    """Deliver files on a day of May, and plan them with their headers as Airflow reads them."""
    manifest = {
        "batch_id": batch_id,
        "planned_at": datetime(2025, 5, day, 12, tzinfo=UTC).isoformat(),
        "contract_version": shop.contract.version,
        "files": [planned(shop, day, *file) for file in files],
    }
    shop.records(batch_id).create("manifest.json", manifest)
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
