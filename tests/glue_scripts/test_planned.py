"""Whether the plan still holds when the load begins."""

import pytest
from lakehouse_spark.batches import ManifestError
from lakehouse_spark.planned import FileChangedError, check_files, check_manifest

from tests.glue_scripts.shop import Shop


def test_files_in_their_planned_version_are_fine(shop: Shop) -> None:
    shop.deliver("orders", "a.csv", "order_id\n1\n")
    shop.deliver("orders", "b.csv", "order_id\n2\n")
    manifest = shop.records(shop.plan("b1")).manifest()
    check_manifest(manifest, shop.contract)
    check_files(shop.storage, manifest.accepted())


def test_a_file_that_is_gone_is_named(shop: Shop) -> None:
    key = shop.deliver("orders", "a.csv", "order_id\n1\n")
    manifest = shop.records(shop.plan("b1")).manifest()
    shop.storage.delete(key)
    with pytest.raises(FileChangedError, match=r"raw/orders/a.csv: version null is gone"):
        check_files(shop.storage, manifest.files)


def test_a_file_that_was_replaced_is_named(shop: Shop) -> None:
    key = shop.deliver("orders", "a.csv", "order_id\n1\n")
    manifest = shop.records(shop.plan("b1")).manifest()
    shop.storage.put(key, b"order_id\n2\n")
    with pytest.raises(FileChangedError, match=r"raw/orders/a.csv: version null was replaced"):
        check_files(shop.storage, manifest.files)


def test_a_plan_of_another_contract_is_refused(shop: Shop) -> None:
    manifest = shop.records(shop.plan("b1", contract_version="0.9.0")).manifest()
    with pytest.raises(ManifestError, match=r"planned under contract 0.9.0 .* has contract 1.0.0"):
        check_manifest(manifest, shop.contract)


def test_a_file_of_no_dataset_is_named(shop: Shop) -> None:
    shop.deliver("orderz", "a.csv", "order_id\n1\n")
    manifest = shop.records(shop.plan("b1")).manifest()
    with pytest.raises(ManifestError, match=r"raw/orderz/a.csv: .* no dataset 'orderz'"):
        check_manifest(manifest, shop.contract)


@pytest.mark.parametrize("name", ["_a.csv", ".a.csv"])
def test_a_file_that_spark_would_pass_over_is_named(shop: Shop, name: str) -> None:
    shop.deliver("orders", name, "order_id\n1\n")
    manifest = shop.records(shop.plan("b1")).manifest()
    with pytest.raises(ManifestError, match="rename the file"):
        check_manifest(manifest, shop.contract)
