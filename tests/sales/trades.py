"""Random days at the till, seeded: sales of every kind, returns, payments, deliveries, new prices,
with refusals among them; and what every read model must say of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from models.sales import read
from tests.conftest import Database
from tests.support.shop import batches, run
from worker import refresh
from worker.base.sql import blocks
from worker.contracts import Envelope, Receipt
from worker.rebuild import rebuild
from worker.subscriptions.runner import catch_up

READ_MODELS = [str(table.name) for table in read.metadata.tables.values()]
VIEW = "sales_summary_by_day"
BY_HAND = ("balances_by_hand", "stock_by_hand", "movements_by_hand")
SEARCHED = ("search_code", "search_text")
PROJECTIONS = (
    "product_read_view",
    "price_history",
    "inventory",
    "sale_summaries",
    "sale_lines",
    "dashboard_days",
    "customer_accounts",
    "product_sales_statistics",
)


class Trade:
    """Commands of a shop with so many products and customers, the same for the same seed."""

    def __init__(self, seed: int, products: int = 40, customers: int = 25) -> None:
        self._random = random.Random(seed)
        self._products = [self._id() for _ in range(products)]
        self._customers = [self._id() for _ in range(customers)]
        self._sales: list[tuple[UUID, int]] = []

    def opening(self) -> Iterator[Envelope]:
        """Departments, units, products with stock, customers."""
        departments, units = [self._id() for _ in range(3)], [self._id() for _ in range(2)]
        for n, id_ in enumerate(departments):
            yield self._command("create_department", department_id=id_, name=f"Department {n}")
        for n, id_ in enumerate(units):
            yield self._command("create_unit", unit_id=id_, name=f"Unit {n}")
        for n, id_ in enumerate(self._products):
            placed = {
                "department_id": self._random.choice([*departments, None]),
                "unit_id": self._random.choice([*units, None]),
                "cost_price": self._random.choice([self._money(900), None]),
                "minimum_stock": str(self._random.randint(0, 60)),
            }
            named = {"product_id": id_, "code": f"P{n}", "description": f"Product {n}"}
            sell_price = self._money(2_000)
            yield self._command("create_product", **named, **placed, sell_price=sell_price)
            yield self._delivery(id_, self._random.randint(1, 400))
        for n, id_ in enumerate(self._customers):
            limit = self._money(50_000)
            yield self._command(
                "register_customer", customer_id=id_, name=f"Customer {n}", credit_limit=limit
            )

    def days(self, sales: int) -> Iterator[Envelope]:
        """So many sales, and what else happens between them."""
        for _ in range(sales):
            yield self._sale()
            draw = self._random.random()
            if draw < 0.12:
                yield self._return()
            elif draw < 0.20:
                customer = self._random.choice(self._customers)
                amount = self._money(3_000) if self._random.random() < 0.9 else "99999.00"
                yield self._command("record_customer_payment", customer_id=customer, amount=amount)
            elif draw < 0.30:
                product = self._random.choice(self._products)
                yield self._delivery(product, self._random.randint(-20, 200) or 1)
            elif draw < 0.33:
                product = self._random.choice(self._products)
                field = self._random.choice(("sell_price", "cost_price"))
                price: dict[str, Any] = {field: self._money(2_000)}
                yield self._command("change_price", product_id=product, **price)
            elif draw < 0.35:
                product = self._random.choice(self._products)
                minimum = str(self._random.randint(0, 60))
                yield self._command("update_product", product_id=product, minimum_stock=minimum)

    def _sale(self) -> Envelope:
        id_, count = self._id(), self._random.randint(1, 4)
        items: list[dict[str, Any]] = [
            {
                "product_code": f"P{self._random.randrange(len(self._products))}",
                "quantity": str(Decimal(self._random.randint(1, 6_000)) / 1_000),
            }
            for _ in range(count)
        ]
        payment = self._random.choice(("cash", "cash", "card", "credit", "credit"))
        customer = self._random.choice([*self._customers, None])
        paid = {"cash": "200.00", "credit": "0.00", "card": "0.00"}[payment]
        if payment == "card":  # exactly its total, which is known where a manager sets the price
            for item in items:
                item["unit_price"], item["quantity"] = "3.50", str(self._random.randint(1, 4))
            whole = sum(int(item["quantity"]) for item in items)
            paid = str(Decimal("3.50") * whole)
        self._sales.append((id_, count))
        payload = {"customer_id": customer, "payment_type": payment, "paid_amount": paid}
        return self._command("process_sale", sale_id=id_, items=items, **payload)

    def _return(self) -> Envelope:
        sale, count = self._random.choice(self._sales[-200:])
        if self._random.random() < 0.5:
            return self._command("return_sale", sale_id=sale)
        quantity = str(Decimal(self._random.randint(1, 2_000)) / 1_000)
        items = [{"line": self._random.randint(1, count), "quantity": quantity}]
        return self._command("return_sale", sale_id=sale, items=items)

    def _delivery(self, product: UUID, quantity: int) -> Envelope:
        change = {"quantity_change": str(quantity), "reason": "delivery"}
        return self._command("adjust_stock", product_id=product, **change)

    def _command(self, name: str, /, **payload: Any) -> Envelope:
        wire = {k: str(v) if isinstance(v, UUID) else v for k, v in payload.items()}
        return Envelope(self._id(), f"sales.{name}", wire)

    def _money(self, most: int) -> str:
        return str(Decimal(self._random.randint(1, most * 10)) / 100)

    def _id(self) -> UUID:
        return UUID(int=self._random.getrandbits(128), version=4)


def trade(seed: int, sales: int, *, size: int = 50, products: int = 40) -> list[Receipt]:
    """Run a trade in batches; the receipts of its sales and what is between them."""
    shop = Trade(seed, products, customers=products // 2)
    assert all(receipt.succeeded for receipt in run(list(shop.opening())))
    sent = list(shop.days(sales))
    return [receipt for batch in batches(sent, size) for receipt in run(batch)]


def said(database: Database, name: str) -> list[dict[str, Any]]:
    """A read model's rows, without the time of their last change."""
    with database.connect() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        rows = cursor.execute(f"SELECT * FROM query.{name} ORDER BY 1").fetchall()
    left_out = ("updated_at", *SEARCHED)
    return [{column: row[column] for column in row if column not in left_out} for row in rows]


def recomputed(database: Database, name: str) -> list[dict[str, Any]]:
    """The same, computed from the write tables."""
    statement = blocks("tests.sales", "recomputed.sql")[name]
    with database.connect() as connection:
        return connection.cursor(row_factory=dict_row).execute(statement).fetchall()


def agree(database: Database) -> None:
    """Check every read model, the materialized view, and balances and stock, by plain SQL."""
    catch_up()
    refresh.refresh([VIEW])
    for name in (*READ_MODELS, VIEW):
        assert said(database, name) == recomputed(database, name), name
    for name in BY_HAND:
        assert recomputed(database, name) == [], name


def a_rebuild_changes_nothing() -> None:
    """Build every read model anew beside the live one, and compare."""
    for name in PROJECTIONS:
        assert rebuild(f"sales.{name}", goes_live=False).differing == 0, name
