"""Kinds of job arguments, each as strict as Glue's free texts need it."""

from argparse import ArgumentTypeError


def seconds(text: str) -> float:
    """Return a length of time; raises ArgumentTypeError where it is none."""
    return _number(text, 0, 86_400, "a number of seconds, a day at most")


def share(text: str) -> float:
    """Return a share of a whole; raises ArgumentTypeError where it is none."""
    return _number(text, 0, 1, "a share, from 0 to 1")


def true_or_false(text: str) -> bool:
    """Return what ``true`` or ``false`` says; raises ArgumentTypeError for any other text."""
    if text not in {"true", "false"}:
        raise ArgumentTypeError(f"{text!r} is neither true nor false")
    return text == "true"


def _number(text: str, least: float, most: float, what: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    # Not a number is not within either.
    if not least <= number <= most:
        raise ArgumentTypeError(f"{text!r} is not {what}")
    return number
