"""Two batches of one shop: a first with dirt, and one that corrects, moves and resolves rows."""

from pathlib import Path

from lakehouse_spark.contract import Contract
from pyspark.sql import SparkSession

from tests.proof.lake import EndState, Lake, day, folder_lake

PRODUCTS = "product_id,department_id,department,product_name\n"
ORDERS = "order_num,order_id,user_id,order_timestamp,total_amount,date\n"
ITEMS = (
    "id,order_id,user_id,days_since_prior_order,product_id,"
    "add_to_cart_order,reordered,order_timestamp,date\n"
)
APRIL_1, APRIL_9 = "2025-04-01T11:27:00,2025-04-01", "2025-04-09T08:00:00,2025-04-09"

FIRST_PRODUCTS = f'''{PRODUCTS}\
1,1,Fruit,Apple
2,1,Fruit,Pear
3,2,Bakery,"Bread, ""dark"""
3,2,Bakery,"Bread, ""light"""
4,2
0,6,Snacks,Nut
'''
FIRST_ORDERS = f"""{ORDERS}\
1,10,7,2025-04-01T11:27:00,9.99,2025-04-01
2,11,7,2025-04-01T23:30:00-02:00,5.00,2025-04-01
1,12,,2025-04-02T10:00:00,1.00,2025-04-02
"""
# The last three are orphans: their parents arrive with the second batch, or never.
FIRST_ITEMS = f"""{ITEMS}\
1,10,7,,1,1,0,{APRIL_1}
2,10,7,3,2,2,1,{APRIL_1}
3,11,7,3,1,1,0,{APRIL_1}
3,11,7,3,1,1,2,{APRIL_1}
4,99,7,3,77,1,0,{APRIL_1}
5,99,7,3,1,1,0,{APRIL_1}
6,97,7,3,1,1,0,{APRIL_1}
"""
# Corrected, unchanged, moved to department 3, in conflict with itself, and new.
SECOND_PRODUCTS = f"""{PRODUCTS}\
1,1,Fruit,Golden apple
2,1,Fruit,Pear
3,3,Bread,Rye bread
5,1,Fruit,Plum
5,1,Fruit,Prune
77,6,Snacks,Nut
"""
SECOND_ORDERS = f"""{ORDERS}\
1,10,7,{APRIL_9.replace(",", ",9.99,")}
3,99,7,{APRIL_1.replace(",", ",4.00,")}
x,98,7,{APRIL_1.replace(",", ",4.00,")}
"""
LATE_ORDERS = f"{ORDERS}2,11,7,2025-04-01T23:30:00-02:00,4.99,2025-04-01\n"
SECOND_ITEMS = f"""{ITEMS}\
1,10,7,,1,1,0,{APRIL_9}
2,10,7,3,2,2,1,{APRIL_1}
7,98,7,3,1,1,0,{APRIL_9}
8,99,7,3,2,3,0,{APRIL_1}
"""


def plan_first(lake: Lake) -> str:
    """Deliver and plan a first batch, with one file that is refused whole."""
    lake.deliver("products", "p.csv", FIRST_PRODUCTS)
    lake.deliver("orders", "o.csv", FIRST_ORDERS)
    missing = ["missing_column:user_id"]
    lake.deliver("orders", "no user.csv", "order_id,date\n1,2025-04-01\n", reasons=missing)
    lake.deliver("order_items", "i.csv", FIRST_ITEMS)
    return lake.plan("first", day(0.1))


def plan_second(lake: Lake) -> str:
    """Deliver and plan a batch, days later, that touches every table; some files come again."""
    lake.deliver("products", "p2.csv", SECOND_PRODUCTS, day(4))
    lake.deliver("orders", "o2.csv", SECOND_ORDERS, day(4))
    lake.deliver("orders", "late.csv", LATE_ORDERS, day(-1))
    lake.deliver("order_items", "i2.csv", SECOND_ITEMS, day(4))
    lake.deliver("order_items", "i.csv", FIRST_ITEMS, day(0))
    return lake.plan("second", day(4.1))


PLANS = {"first": plan_first, "second": plan_second}


class Uninterrupted:
    """The two batches, each before and after a load that nothing interrupted."""

    def __init__(self, spark: SparkSession, contract: Contract, folder: Path) -> None:
        self.planned: dict[str, Lake] = {}
        self.end_states: dict[str, EndState] = {}
        lake = folder_lake(folder / "lake", contract)
        for batch_id, plan in PLANS.items():
            plan(lake)
            self.planned[batch_id] = lake.copy(folder / batch_id)
            lake.load(spark, batch_id)
            self.end_states[batch_id] = lake.end_state(batch_id)
