from pathlib import Path

import pytest
from lakehouse_airflow.contract import ContractError, read_contract

CONTRACTS = Path(__file__).resolve().parents[2] / "include" / "contracts"


def test_every_dataset_says_which_columns_are_delivered() -> None:
    contract = read_contract(CONTRACTS / "orders_lakehouse.odcs.yaml")

    assert contract.delivered_columns["products"] == (
        "product_id",
        "department_id",
        "department",
        "product_name",
    )
    assert set(contract.delivered_columns) == {"orders", "order_items", "products"}


def test_a_derived_column_is_not_expected_in_a_file() -> None:
    contract = read_contract(CONTRACTS / "orders_lakehouse.odcs.yaml")

    assert "date" in contract.delivered_columns["orders"]
    assert "order_date" not in contract.delivered_columns["orders"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("schema: [{name: orders}]", "has no version", id="no version"),
        pytest.param("version: 1.0.0\nschema: [{}]", "needs a name", id="dataset without a name"),
    ],
)
def test_a_contract_that_says_too_little_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(f"apiVersion: v3.1.0\nkind: DataContract\n{text}\n")

    with pytest.raises(ContractError, match=message):
        read_contract(path)
