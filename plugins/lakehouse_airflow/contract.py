"""The data contract, as far as Airflow needs it: which datasets there are and what they deliver."""

from dataclasses import dataclass
from pathlib import Path

from open_data_contract_standard.model import OpenDataContractStandard


class ContractError(Exception):
    """The contract says too little to plan by it."""


@dataclass(frozen=True)
class Contract:
    """Version, and for each dataset the columns that a file's header must name, in order."""

    version: str
    delivered_columns: dict[str, tuple[str, ...]]


def read_contract(path: Path) -> Contract:
    """Return the contract at `path`; a column with ``transformLogic`` is derived, not delivered.

    Raises:
        ContractError: no version, or a dataset or column without a name.
    """
    standard = OpenDataContractStandard.from_file(str(path))
    if not standard.version:
        raise ContractError(f"{path}: the contract has no version")
    columns = {
        _named(path, dataset.name): tuple(
            _named(path, column.name)
            for column in dataset.properties or []
            if not column.transformLogic
        )
        for dataset in standard.schema_ or []
    }
    return Contract(version=standard.version, delivered_columns=columns)


def _named(path: Path, name: str | None) -> str:
    if not name:
        raise ContractError(f"{path}: every dataset and every column needs a name")
    return name
