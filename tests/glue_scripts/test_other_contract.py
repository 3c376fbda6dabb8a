"""Datasets that no code of ours knows: the contract alone is enough."""

from datetime import date
from decimal import Decimal

from tests.glue_scripts.shop import Shop


def test_a_new_dataset_is_a_contract_entry(first_loans: Shop) -> None:
    assert first_loans.rows("books", "isbn", "weight", "language", "is_heavy") == [
        ("A", 1.5, "de", 1),
        ("B", 0.2, "en", 0),
    ]
    assert first_loans.rows("loans", "reader", "isbn", "fee", "lent_on") == [
        ("Ann", "A", Decimal("0.500"), date(2025, 2, 1)),
        ("Ann", "B", None, None),
    ]


def test_its_rejects_are_in_the_table_of_all_rejects(first_loans: Shop) -> None:
    assert first_loans.rows("rejected", "dataset", "reasons") == [
        ("books", ["conflicting_duplicate"]),
        ("books", ["not_in_enum:language"]),
        ("loans", ["out_of_range:fee", "out_of_range:lent_on"]),
        ("loans", ["unknown_reference:isbn"]),
    ]
