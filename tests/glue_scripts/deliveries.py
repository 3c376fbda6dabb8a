"""Small deliveries with every kind of dirt, and by hand what a load must make of them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from tests.glue_scripts.shop import Shop

PRODUCTS = "product_id,department_id,department,product_name\n"
ORDERS = "order_num,order_id,user_id,order_timestamp,total_amount,date\n"
ITEMS = (
    "id,order_id,user_id,days_since_prior_order,product_id,"
    "add_to_cart_order,reordered,order_timestamp,date\n"
)
NOON = "2025-04-01T11:27:00,2025-04-01"

FIRST_PRODUCTS = '''\
department_id,product_id,product_name,shelf,department
1,1,Apple,A,Fruit
1,2,Pear,,Fruit
2,3,"Bread, ""dark""",C,"Bakery
and more"
2,3,"Bread, ""dark""",D,"Bakery
and more"
2,4,Roll,C
2,5,Cake,C,Bakery,today
0,6,Nut,D,Snacks
'''
FIRST_ORDERS = f"""\
\ufeff{ORDERS.strip()}\r
1,10,7,2025-04-01T11:27:00,9.99,2025-04-01\r
1,10,7,2025-04-01T11:27:00,8.88,2025-04-01\r
2,11,7,2025-04-01T23:30:00-02:00,5.00,2025-04-01\r
1,12,,2025-04-02T10:00:00,1.00,2025-04-02\r
1,13,8,2025-02-30T10:00:00,1.00,2025-02-28\r
x,,8,2025-04-02T10:00:00,1.999,2025-04\r
x,,8,2025-04-02T10:00:00,1.999,2025-04\r
"""
FIRST_ITEMS = f"""\
{ITEMS}\
1,10,7,,1,1,0,{NOON}
2,10,7,3,3,2,1,{NOON}

3,11,7,3,1,1,0,2025-04-01T23:30:00-02:00,2025-04-01
4,99,7,3,77,1,0,{NOON}
5,12,7,3,1,1,0,{NOON}
6,10,7,3,2,3,2,{NOON}
7,10,7,367,2,3,,{NOON}
"""


def deliver_first(shop: Shop) -> None:
    """Deliver three files with dirt in them, and one that has no user_id column."""
    shop.deliver("products", "p.csv", FIRST_PRODUCTS)
    shop.deliver("orders", "o.csv", FIRST_ORDERS)
    missing = ["missing_column:user_id"]
    shop.deliver("orders", "no user.csv", "order_id,date\n1,2025-04-01\n", reasons=missing)
    shop.deliver("order_items", "i.csv", FIRST_ITEMS)


def deliver_loans(library: Shop) -> None:
    """Deliver books and loans to a library: two books and two loans are good."""
    books = "isbn,weight,language\nA,1.5,de\nB,0.2,en\nC,1,fr\nB,0.1,en\n"
    loans = "isbn,reader,lent_on,fee\nA,Ann,2025-02-01,0.500\nB,Ann,,\nB,Bob,2024-12-31,0.1\n"
    library.deliver("books", "b.csv", books)
    library.deliver("loans", "l.csv", f"{loans}C,Cid,,\n")


DAY, NEXT_DAY = date(2025, 4, 1), date(2025, 4, 2)
HALF_PAST_ELEVEN = datetime(2025, 4, 1, 11, 27)
HALF_PAST_ONE = datetime(2025, 4, 2, 1, 30)

FIRST_TABLES: dict[str, list[tuple[Any, ...]]] = {
    "products": [
        (1, 1, "Fruit", "Apple"),
        (2, 1, "Fruit", "Pear"),
        (3, 2, "Bakery\nand more", 'Bread, "dark"'),
    ],
    "orders": [
        (1, 10, 7, HALF_PAST_ELEVEN, Decimal("9.99"), DAY, DAY),
        (2, 11, 7, HALF_PAST_ONE, Decimal("5.00"), DAY, NEXT_DAY),
    ],
    "order_items": [
        (1, 10, 7, None, 1, 1, 0, HALF_PAST_ELEVEN, DAY, DAY),
        (2, 10, 7, 3, 3, 2, 1, HALF_PAST_ELEVEN, DAY, DAY),
        (3, 11, 7, 3, 1, 1, 0, HALF_PAST_ONE, DAY, NEXT_DAY),
    ],
}
BAD_ORDER = ["bad_number:order_num", "missing_value:order_id", "bad_number:total_amount"]
# By dataset: the record's id, the category and the reasons.
FIRST_REJECTS = [
    ("order_items", "4", "referential_integrity",
     ["unknown_reference:order_id", "unknown_reference:product_id"]),
    ("order_items", "5", "referential_integrity", ["unknown_reference:order_id"]),
    ("order_items", "6", "data_quality", ["not_in_enum:reordered"]),
    ("order_items", "7", "data_quality",
     ["out_of_range:days_since_prior_order", "missing_value:reordered"]),
    ("orders", None, "schema_validation", ["missing_column:user_id"]),
    ("orders", "10", "data_quality", ["conflicting_duplicate"]),
    ("orders", "12", "data_quality", ["missing_value:user_id"]),
    ("orders", "13", "schema_validation", ["bad_timestamp:order_timestamp"]),
    ("orders", "x", "schema_validation", [*BAD_ORDER, "bad_date:date"]),
    ("orders", "x", "schema_validation", [*BAD_ORDER, "bad_date:date"]),
    ("products", "4", "schema_validation", ["short_record"]),
    ("products", "5", "schema_validation", ["long_record"]),
    ("products", "6", "data_quality", ["out_of_range:department_id"]),
]  # fmt: skip
# read, then how many were inserted, duplicate, rejected and parked, then the rejects by category.
FIRST_COUNTS = {
    "products": (7, (3, 1, 3, 0), (2, 1, 0)),
    "orders": (7, (2, 0, 5, 0), (4, 2, 0)),
    "order_items": (7, (3, 0, 2, 2), (0, 2, 0)),
}
