"""Conditions of the sales domain by their business names, for every query whose rows have the
columns: `list_products.ask(where=(in_stock & priced_between(low="5", high="10"),))`. `cqrs map`
lists them with each query.
"""

from __future__ import annotations

from models.sales.answers import ListedProduct
from models.sales.read import CustomerAccount, SaleSummary
from worker import Given, Op, Where, condition

in_stock = condition(
    "sales.in_stock",
    ListedProduct,
    Where(column="in_stock", value=True),
    purpose="some of it lies on the shelf",
)
low_on_stock = condition(
    "sales.low_on_stock",
    ListedProduct,
    Where(column="is_low_stock", value=True),
    purpose="less of it is there than there should be",
)
priced_between = condition(
    "sales.priced_between",
    ListedProduct,
    Where(column="sell_price", op=Op.GE, value=Given(given="low"))
    & Where(column="sell_price", op=Op.LE, value=Given(given="high")),
    purpose="sells for `low` to `high`, both included",
)
owing = condition(
    "sales.owing",
    CustomerAccount,
    Where(column="balance", op=Op.GT, value=0),
    purpose="owes the shop something",
)
on_credit = condition(
    "sales.on_credit",
    SaleSummary,
    Where(column="payment_type", value="credit"),
    purpose="was sold on credit",
)
sold_between = condition(
    "sales.sold_between",
    SaleSummary,
    Where(column="sold_on", op=Op.GE, value=Given(given="since"))
    & Where(column="sold_on", op=Op.LE, value=Given(given="until")),
    purpose="was sold on the day `since`, on `until`, or between",
)
