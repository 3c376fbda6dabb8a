"""The data contract as the Spark jobs see it: datasets in load order, columns, references."""

import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from open_data_contract_standard.model import (
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
)
from pydantic import ValidationError

from lakehouse_spark.limits import LimitError, Limits, read_limits

SUPPORTED_TYPES = re.compile(r"int|bigint|double|decimal\(\d+,\d+\)|string|date|timestamp")
SUPPORTED_OPTIONS = {"minimum", "maximum"}
NO_LIMITS = Limits()


class ContractError(ValueError):
    """The contract says something that the jobs can't load by."""


@dataclass(frozen=True)
class Reference:
    """Each value of `column` must exist as `dataset`.`parent_column`."""

    column: str
    dataset: str
    parent_column: str


@dataclass(frozen=True)
class Column:
    """One column: Spark type, what its values may be, and its expression where it is derived."""

    name: str
    type: str
    required: bool = False
    minimum: int | float | str | None = None
    maximum: int | float | str | None = None
    enum: tuple[int | float | str, ...] = ()
    expression: str | None = None


@dataclass(frozen=True)
class Dataset:
    """One dataset: columns in table order, key, partition column, references and limits."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition_column: str | None = None
    references: tuple[Reference, ...] = ()
    limits: Limits = NO_LIMITS

    @property
    def column_names(self) -> list[str]:
        """Return the names of all columns, in table order."""
        return [column.name for column in self.columns]

    def type_of(self, name: str) -> str:
        """Return the type of a column."""
        [column] = [each for each in self.columns if each.name == name]
        return column.type

    @property
    def delivered(self) -> list[Column]:
        """Return the columns that files deliver."""
        return [column for column in self.columns if column.expression is None]

    @property
    def derived(self) -> list[Column]:
        """Return the columns that are computed from the columns above them."""
        return [column for column in self.columns if column.expression is not None]


@dataclass(frozen=True)
class Contract:
    """The contract's version and its datasets, those referred to before those that refer."""

    version: str
    datasets: tuple[Dataset, ...]

    def generations(self) -> list[list[Dataset]]:
        """Return the datasets in load order, those together that wait for the same others."""
        places: dict[str, int] = {}
        for dataset in self.datasets:
            parents = [places[reference.dataset] for reference in dataset.references]
            places[dataset.name] = max(parents, default=-1) + 1
        return [
            [each for each in self.datasets if places[each.name] == place]
            for place in sorted(set(places.values()))
        ]


def read_contract(path: str | Path) -> Contract:
    """Return the contract in the ODCS file at `path`.

    Raises ContractError, naming dataset and column, for what the jobs can't load by.
    """
    document = _read_document(path)
    datasets = {table.name or "": _dataset(table) for table in document.schema_ or []}
    if not document.version or not datasets:
        raise ContractError(f"{path}: a contract needs a version and at least one dataset")
    return Contract(document.version, tuple(datasets[name] for name in _load_order(datasets)))


def _read_document(path: str | Path) -> OpenDataContractStandard:
    try:
        return OpenDataContractStandard.from_file(str(path))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ContractError(f"{path}: {place}: {first['msg']}") from error


def _dataset(table: SchemaObject) -> Dataset:
    properties = table.properties or []
    name = table.name or ""
    dataset = Dataset(
        name=name,
        columns=tuple(_column(name, each) for each in properties),
        key=_key(properties),
        partition_column=_partition_column(name, properties),
        references=tuple(each for column in properties for each in _references(name, column)),
        limits=_limits(table),
    )
    _check_key(dataset)
    return dataset


def _limits(table: SchemaObject) -> Limits:
    try:
        return read_limits(table)
    except LimitError as error:
        raise ContractError(str(error)) from error


def _column(dataset: str, column: SchemaProperty) -> Column:
    options = column.logicalTypeOptions or {}
    parsed = Column(
        name=column.name or "",
        type=(column.physicalType or "").lower().replace(" ", ""),
        required=bool(column.required),
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        enum=tuple(each.value for each in column.enum or [] if each.value is not None),
        expression=column.transformLogic,
    )
    _check_column(dataset, parsed, set(options))
    return parsed


def _check_column(dataset: str, column: Column, options: set[str]) -> None:
    place = f"{dataset}.{column.name}"
    if not column.name or column.name.startswith("_"):
        raise ContractError(f"{place}: a column needs a name that does not start with _")
    if not SUPPORTED_TYPES.fullmatch(column.type):
        raise ContractError(f"{place}: physicalType {column.type!r} is not one we can load")
    if unknown := ", ".join(sorted(options - SUPPORTED_OPTIONS)):
        raise ContractError(f"{place}: the load does not check {unknown}")
    if column.expression and (column.required or options or column.enum):
        raise ContractError(f"{place}: is derived, so check the columns it comes from instead")


def _key(properties: list[SchemaProperty]) -> tuple[str, ...]:
    parts = [column for column in properties if column.primaryKey]
    return tuple(column.name or "" for column in sorted(parts, key=_key_position))


def _key_position(column: SchemaProperty) -> int:
    return column.primaryKeyPosition or 0


def _check_key(dataset: Dataset) -> None:
    if not dataset.key:
        raise ContractError(f"{dataset.name}: no column is marked primaryKey")
    for column in dataset.columns:
        if column.name in dataset.key and not column.required:
            raise ContractError(f"{dataset.name}.{column.name}: a key column must be required")


def _partition_column(dataset: str, properties: list[SchemaProperty]) -> str | None:
    names = [column.name or "" for column in properties if column.partitioned]
    if len(names) > 1:
        raise ContractError(f"{dataset}: only one of {', '.join(names)} can be the partition")
    return names[0] if names else None


def _references(dataset: str, column: SchemaProperty) -> list[Reference]:
    targets = [str(relationship.to) for relationship in column.relationships or []]
    if len(targets) > 1:
        raise ContractError(f"{dataset}.{column.name}: can refer to one of {', '.join(targets)}")
    return [_reference(dataset, column.name or "", target) for target in targets]


def _reference(dataset: str, column: str, target: str) -> Reference:
    parent, dot, parent_column = target.partition(".")
    if not (parent and dot and parent_column):
        raise ContractError(f"{dataset}.{column}: refers to {target!r}; write dataset.column")
    return Reference(column, parent, parent_column)


def _load_order(datasets: dict[str, Dataset]) -> list[str]:
    for dataset in datasets.values():
        for reference in dataset.references:
            _check_reference(dataset, reference, datasets)
    graph = {name: [each.dataset for each in datasets[name].references] for name in datasets}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise ContractError(f"datasets refer to each other in a circle: {error.args[1]}") from error


def _check_reference(dataset: Dataset, reference: Reference, datasets: dict[str, Dataset]) -> None:
    parent = datasets.get(reference.dataset)
    if parent is None or reference.parent_column not in parent.column_names:
        raise ContractError(
            f"{dataset.name}.{reference.column}: refers to {reference.dataset}."
            f"{reference.parent_column}, which the contract does not have"
        )
