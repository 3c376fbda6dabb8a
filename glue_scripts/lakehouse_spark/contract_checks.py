"""What the contract says of its datasets, as SodaCL checks, so that the two never disagree."""

from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from lakehouse_spark.contract import Column, Dataset, Reference

Check = dict[str, dict[str, Any]]


def contract_checks(datasets: Iterable[Dataset]) -> str:
    """Return SodaCL for the views of the datasets; each check is of severity ``fail``.

    The attribute ``failing_rows`` is the SQL condition that tells the rows which fail the check.
    """
    checks = {f"checks for {dataset.name}": list(_checks(dataset)) for dataset in datasets}
    text: str = yaml.safe_dump(checks, sort_keys=False, allow_unicode=True)
    return text


def parents_view(dataset: Dataset, reference: Reference) -> str:
    """Return the name of the view of the rows that a column of `dataset` may refer to."""
    return f"{dataset.name}_{reference.column}_parents"


def _checks(dataset: Dataset) -> Iterator[Check]:
    yield _columns(dataset)
    yield _key(dataset)
    for column in dataset.columns:
        if column.required:
            yield _required(dataset, column)
        if is_valid := _valid(column):
            name = f"{dataset.name}.{column.name} is one of the contract's values"
            yield _no_row(dataset, f"invalid_{column.name}", name, f"not ({is_valid})", 1)
        if column.expression:
            name = f"{dataset.name}.{column.name} is {column.expression}"
            differs = f"not ({column.name} <=> ({column.expression}))"
            yield _no_row(dataset, f"underived_{column.name}", name, differs, 2)
    for reference in dataset.references:
        yield _reference(dataset, reference)


def _columns(dataset: Dataset) -> Check:
    types = {column.name: column.type for column in dataset.columns}
    missing = {"when required column missing": list(types), "when wrong column type": types}
    return {
        "schema": {
            "name": f"{dataset.name} has the contract's columns",
            "attributes": {"severity": "fail", "weight": 1},
            "fail": missing,
        }
    }


def _key(dataset: Dataset) -> Check:
    key = ", ".join(dataset.key)
    repeated = f"select {key} from {dataset.name} group by {key} having count(*) > 1"
    name = f"{dataset.name} has each {key} once"
    return _check(f"duplicate_count({key}) = 0", name, f"({key}) in ({repeated})", 3)


def _required(dataset: Dataset, column: Column) -> Check:
    name = f"{dataset.name}.{column.name} is always there"
    return _check(f"missing_count({column.name}) = 0", name, f"{column.name} is null", 2)


def _reference(dataset: Dataset, reference: Reference) -> Check:
    parents, value = parents_view(dataset, reference), f"{dataset.name}.{reference.column}"
    parent = f"select 1 from {parents} where {parents}.{reference.parent_column} = {value}"
    return _check(
        f"values in ({reference.column}) must exist in {parents} ({reference.parent_column})",
        f"{value} is in {reference.dataset}",
        f"{value} is not null and not exists ({parent})",
        3,
    )


def _no_row(dataset: Dataset, metric: str, name: str, condition: str, weight: int) -> Check:
    """Return a check that no row meets the condition; Soda asks all of them in one query."""
    metric = f"{dataset.name}_{metric}"
    expression = {f"{metric} expression": f"count(case when {condition} then 1 end)"}
    return _check(f"{metric} = 0", name, condition, weight, expression)


def _check(
    line: str, name: str, failing_rows: str, weight: int, more: dict[str, str] | None = None
) -> Check:
    attributes = {"severity": "fail", "weight": weight, "failing_rows": failing_rows}
    # No samples, because we keep the failing rows ourselves.
    return {line: {"name": name, "attributes": attributes, "samples limit": 0, **(more or {})}}


def _valid(column: Column) -> str:
    """Return the SQL condition of the contract's limits and values, empty where it has none."""
    tests = []
    if column.minimum is not None:
        tests.append(f"{column.name} >= {_literal(column, column.minimum)}")
    if column.maximum is not None:
        tests.append(f"{column.name} <= {_literal(column, column.maximum)}")
    if column.enum:
        values = ", ".join(_literal(column, value) for value in column.enum)
        tests.append(f"{column.name} in ({values})")
    return " and ".join(tests)


def _literal(column: Column, value: int | float | str) -> str:
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"cast('{text}' as {column.type})"
