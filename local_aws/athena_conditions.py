"""The texts that a query holds a column to: ``= 'x'`` and ``IN ('x', 'y')`` in its WHERE."""

from collections import defaultdict
from collections.abc import Iterator

from sqlglot import exp
from sqlglot.optimizer.scope import traverse_scope

Texts = dict[str, set[str]]


def table_uses(tree: exp.Query) -> dict[tuple[str, str], list[Texts]]:
    """Return each table of a qualified query, with its columns' texts wherever it is read."""
    found: dict[tuple[str, str], list[Texts]] = defaultdict(list)
    for scope in traverse_scope(tree):
        # The selected ones, since UNNEST has the table that it unnests among its sources too.
        for alias, (_, source) in scope.selected_sources.items():
            if isinstance(source, exp.Table):
                found[source.db, source.name].append(fixed_texts(scope.expression, alias))
    return dict(found)


def fixed_texts(select: exp.Expr, alias: str) -> Texts:
    """Return the columns of one table that the SELECT's WHERE holds to texts."""
    fixed: Texts = {}
    for condition in conditions(select):
        column, values = equality(condition)
        is_text = bool(values) and all(value.is_string for value in values)
        if isinstance(column, exp.Column) and column.table == alias and is_text:
            fixed[column.name] = {value.name for value in values}
    return fixed


def conditions(select: exp.Expr) -> Iterator[exp.Expr]:
    """Yield what must all hold for a row."""
    where = select.args.get("where")
    if where:
        whole = where.this.unnest()
        parts = whole.flatten() if isinstance(whole, exp.And) else [whole]
        yield from (part.unnest() for part in parts)


def equality(condition: exp.Expr) -> tuple[exp.Expr, list[exp.Expr]]:
    """Return a column and the values it must be equal to one of; no value for other conditions."""
    if isinstance(condition, exp.In):
        return condition.this, condition.expressions
    if not isinstance(condition, exp.EQ):
        return condition, []
    left, right = condition.this, condition.expression
    return (right, [left]) if isinstance(left, exp.Literal) else (left, [right])
