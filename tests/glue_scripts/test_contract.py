"""The contract as the jobs read it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from lakehouse_spark.contract import Column, Contract, ContractError, Reference, read_contract

ID = {"name": "id", "physicalType": "bigint", "required": True, "primaryKey": True}


def column(name: str, type_: str = "int", **more: Any) -> dict[str, Any]:
    return {"name": name, "physicalType": type_, **more}


def refer(target: str) -> list[dict[str, str]]:
    return [{"type": "foreignKey", "to": target}]


def write(folder: Path, **tables: list[dict[str, Any]]) -> Path:
    """Write a contract of `tables`, each a list of columns; return its path."""
    schema = [{"name": name, "properties": columns} for name, columns in tables.items()]
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "things",
        "version": "2.1.0",
        "status": "active",
        "schema": schema,
    }
    path = folder / "things.odcs.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_the_datasets_of_the_shop_come_in_load_order(contract: Contract) -> None:
    assert [dataset.name for dataset in contract.datasets] == ["products", "orders", "order_items"]


def test_a_dataset_has_columns_key_partition_and_references(contract: Contract) -> None:
    items = contract.datasets[-1]
    assert (items.key, items.partition_column) == (("order_id", "product_id"), "order_date")
    assert items.references == (
        Reference("order_id", "orders", "order_id"),
        Reference("product_id", "products", "product_id"),
    )
    assert items.columns[3] == Column("days_since_prior_order", "int", minimum=0, maximum=366)
    assert items.columns[6] == Column("reordered", "int", required=True, enum=(0, 1))
    assert [column.name for column in items.derived] == ["order_date"]
    assert [column.name for column in items.delivered] == items.column_names[:-1]


def test_the_key_has_the_order_of_its_positions(tmp_path: Path) -> None:
    second = column("a", required=True, primaryKey=True, primaryKeyPosition=2)
    first = column("b", required=True, primaryKey=True, primaryKeyPosition=1)
    contract = read_contract(write(tmp_path, things=[second, first]))
    assert contract.datasets[0].key == ("b", "a")


def test_what_is_referred_to_is_loaded_first(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        leaves=[ID, column("twig", "bigint", relationships=refer("twigs.id"))],
        twigs=[ID, column("tree", "bigint", relationships=refer("trees.id"))],
        trees=[ID],
    )
    contract = read_contract(path)
    assert contract.version == "2.1.0"
    assert [dataset.name for dataset in contract.datasets] == ["trees", "twigs", "leaves"]


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        pytest.param(
            {"hens": [ID, column("egg", relationships=refer("eggs.id"))],
             "eggs": [ID, column("hen", relationships=refer("hens.id"))]},
            "in a circle: .*(hens.*eggs|eggs.*hens)", id="a circle"),
        pytest.param({"hens": [ID, column("egg", relationships=refer("eggs.id"))]},
                     r"hens.egg: refers to eggs.id, which the contract does not have",
                     id="an unknown dataset"),
        pytest.param({"hens": [ID], "eggs": [ID, column("hen", relationships=refer("hens.no"))]},
                     r"eggs.hen: refers to hens.no", id="an unknown column"),
        pytest.param({"hens": [ID, column("egg", relationships=refer("eggs"))]},
                     "write dataset.column", id="a reference without a column"),
        pytest.param({"hens": [column("id")]}, "hens: no column is marked primaryKey",
                     id="no key"),
        pytest.param({"hens": [column("id", primaryKey=True)]}, "hens.id: a key column must be req",
                     id="a key that may be null"),
        pytest.param({"hens": [ID, column("age", "interval")]}, "hens.age: physicalType 'interval'",
                     id="an unknown type"),
        pytest.param({"hens": [ID, column("age", logicalTypeOptions={"multipleOf": 2})]},
                     "hens.age: the load does not check multipleOf", id="an unknown check"),
        pytest.param({"hens": [ID, column("a", partitioned=True), column("b", partitioned=True)]},
                     "hens: only one of a, b can be the partition", id="two partition columns"),
        pytest.param({"hens": [ID, column("age", transformLogic="id + 1", required=True)]},
                     "hens.age: is derived", id="a derived column with checks"),
        pytest.param({"hens": [ID, column("_batch_id")]}, "name that does not start with _",
                     id="a name of ours"),
        pytest.param({"hens": [ID | {"primaryKey": "maybe"}]}, r"primaryKey: Input should be",
                     id="not the standard"),
        pytest.param({}, "at least one dataset", id="nothing"),
    ],
)  # fmt: skip
def test_what_can_not_be_loaded_by_is_named(
    tmp_path: Path, tables: dict[str, list[dict[str, Any]]], message: str
) -> None:
    with pytest.raises(ContractError, match=message):
        read_contract(write(tmp_path, **tables))
