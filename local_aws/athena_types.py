"""Where DuckDB's result types differ from Athena's: division, averages, and sums with dates."""

from sqlglot import exp

WHOLE = exp.DataType.INTEGER_TYPES
SAME_SCALE = (
    exp.Paren, exp.Neg, exp.Abs, exp.Sum, exp.Avg, exp.Min, exp.Max, exp.Window, exp.Filter,
)  # fmt: skip
ARITHMETIC = (exp.Mul, exp.Div, exp.Add, exp.Sub, exp.Mod)
DATE_SHIFTS = (exp.Add, exp.Sub, exp.DateAdd, exp.DateSub, exp.TimestampTrunc)


def give_athena_types(tree: exp.Expr) -> None:
    """Rewrite a tree with types in place, so that DuckDB answers with Athena's types.

    In Athena whole numbers divide to a whole number, exact ones to an exact one of the larger
    scale, and an exact number's average keeps its scale: in DuckDB all of these are doubles.
    A date plus an interval is a date there and a timestamp here.
    """
    for number in list(tree.find_all(exp.Div, exp.Avg)):
        type_number(number)
    for shift in list(tree.find_all(*DATE_SHIFTS)):
        if is_shifted_date(shift):
            shift.replace(exp.cast(shift.copy(), "date"))


def type_number(node: exp.Expr) -> None:
    """Rewrite one division or average."""
    parts = [node.this, node.expression] if isinstance(node, exp.Div) else [node.this]
    whole = all(part.is_type(*WHOLE) for part in parts)
    decimals = scale(node)
    if whole and isinstance(node, exp.Div):
        left, right = (part.copy() for part in parts)
        node.replace(exp.paren(exp.IntDiv(this=left, expression=right)))
    elif not whole and decimals is not None:
        node.replace(exp.cast(node.copy(), f"DECIMAL(38, {decimals})"))


def is_shifted_date(node: exp.Expr) -> bool:
    """Return whether the node is a date moved by an interval or cut to a month."""
    if isinstance(node, exp.Add | exp.Sub):
        parts = (node.this, node.expression)
        return any(part.is_type("date") for part in parts) and any(
            isinstance(part, exp.Interval) for part in parts
        )
    return bool(node.this.is_type("date"))


def scale(node: exp.Expr) -> int | None:
    """Return the digits after the point that Athena gives an exact number; None if it isn't."""
    if isinstance(node, exp.Literal):
        return literal_scale(node)
    if isinstance(node, SAME_SCALE):
        return scale(node.this)
    if isinstance(node, ARITHMETIC):
        return arithmetic_scale(node)
    return type_scale(node.type)


def literal_scale(literal: exp.Literal) -> int | None:
    """Return the digits after the point of a number as it is written."""
    if literal.is_string or "e" in literal.name.lower():
        return None
    return len(literal.name.partition(".")[2])


def arithmetic_scale(node: exp.Expr) -> int | None:
    """Return the scale of an operation on two exact numbers."""
    left, right = scale(node.this), scale(node.expression)
    if left is None or right is None:
        return None
    return left + right if isinstance(node, exp.Mul) else max(left, right)


def type_scale(data_type: exp.DataType | None) -> int | None:
    """Return the scale that a type declares."""
    if data_type is None:
        return None
    if data_type.is_type(*WHOLE):
        return 0
    parameters = data_type.expressions if data_type.is_type("decimal") else []
    return int(parameters[1].name) if len(parameters) == 2 else None
