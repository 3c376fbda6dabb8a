"""A shop that sells the same things on every machine: the clean records of the sample."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta

SEED = 20250401
USERS = 400
LONGEST_PAUSE_DAYS = 30

DEPARTMENTS = ("bakery", "produce", "dairy eggs", "frozen", "pantry", "beverages", "household")
KINDS = ("Bread", "Apples", "Milk", "Peas", "Rice", "Juice", "Soap")
# Names that a careless reader of CSV breaks.
STYLES = (
    "organic",
    "sliced, large",
    'the "good" one',
    'in 12" tins',
    "plain",
    "crème, 1/2 l",
)

Record = dict[str, str]


class Shop:
    """Deals out products, orders and order items, each with a key of its own."""

    def __init__(self) -> None:
        """Open with nothing sold."""
        self.random = random.Random(SEED)
        self.products: list[Record] = []
        self.orders_of: Counter[int] = Counter()
        self.last_product_id = 0
        self.last_order_id = 1000
        self.last_item_id = 0

    def product(self) -> Record:
        """Return a new product, which is not on offer yet."""
        self.last_product_id += 1
        number = self.last_product_id
        department = number % len(DEPARTMENTS)
        style = STYLES[number // len(DEPARTMENTS) % len(STYLES)]
        return {
            "product_id": str(number),
            "department_id": str(department + 1),
            "department": DEPARTMENTS[department],
            "product_name": f"{KINDS[department]} {style} no. {number}",
        }

    def order(self, day: date) -> Record:
        """Return a new order without items."""
        user = self.random.randrange(1, USERS + 1)
        self.orders_of[user] += 1
        self.last_order_id += 1
        moment = datetime.combine(day, datetime.min.time())
        moment += timedelta(minutes=self.random.randrange(24 * 60))
        return {
            "order_num": str(self.orders_of[user]),
            "order_id": str(self.last_order_id),
            "user_id": str(user),
            "order_timestamp": moment.isoformat(),
            "total_amount": f"{self.random.randrange(199, 25000) / 100:.2f}",
            "date": day.isoformat(),
        }

    def items(self, order: Record, count: int) -> Iterator[Record]:
        """Give the items of an order, each of another product."""
        first = order["order_num"] == "1"
        prior = "" if first else str(self.random.randrange(LONGEST_PAUSE_DAYS))
        for place, product in enumerate(self.random.sample(self.products, count), start=1):
            self.last_item_id += 1
            yield {
                "id": str(self.last_item_id),
                "order_id": order["order_id"],
                "user_id": order["user_id"],
                "days_since_prior_order": prior,
                "product_id": product["product_id"],
                "add_to_cart_order": str(place),
                "reordered": "0" if first else str(self.random.randrange(2)),
                "order_timestamp": order["order_timestamp"],
                "date": order["date"],
            }
