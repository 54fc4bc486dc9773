"""Conditions of the orders domain by their business names, for every query whose rows have the
columns: `orders_summary.ask(where=(open_orders & above(amount=100),))`, or as data
`{"named": "orders.above", "given": {"amount": "100"}}`. `cqrs map` lists them with each query.
"""

from __future__ import annotations

from models.orders.answers import AuditLine
from models.orders.events import OPEN
from models.orders.read import OrderSummary, ProductInventory
from worker import Given, Op, Where, condition

open_orders = condition(
    "orders.open",
    OrderSummary,
    Where(column="status", op=Op.IN, value=tuple(sorted(OPEN))),
    purpose="not shipped yet, nor cancelled: its goods are reserved",
)
above = condition(
    "orders.above",
    OrderSummary,
    Where(column="total", op=Op.GE, value=Given(given="amount")),
    purpose="comes to this amount or more",
)
taken_between = condition(
    "orders.taken_between",
    OrderSummary,
    Where(column="created_at", op=Op.GE, value=Given(given="since"))
    & Where(column="created_at", op=Op.LT, value=Given(given="until")),
    purpose="taken at `since` or later, and before `until`",
)
sold_out = condition(
    "orders.sold_out",
    ProductInventory,
    Where(column="quantity_in_stock", op=Op.LE, value=0),
    purpose="nothing is left that is not promised to somebody",
)
changed_by = condition(
    "orders.changed_by",
    AuditLine,
    Where(column="actor", value=Given(given="actor")),
    purpose="this actor made the change",
)
