"""The rules of the till: `(command, what is known) -> events`, or a Refusal. Pure.

    catalogue.py    departments, units, products and their prices
    accounts.py     customers and what they owe
    sales.py        a sale
    returns.py      what comes back of it
    figures.py      prices, stock, and all errors of a command at once

Rows are what the handler was given of the write tables, None where there is none. Nothing here
knows a database, a clock or a queue, so every rule can be tried in a millisecond.
"""

from models.sales.rules.accounts import balance_changed, record_customer_payment, register_customer
from models.sales.rules.catalogue import (
    adjust_stock,
    change_price,
    create_department,
    create_product,
    create_unit,
    deactivate_product,
    update_product,
)
from models.sales.rules.returns import return_sale
from models.sales.rules.sales import process_sale

__all__ = [
    "adjust_stock",
    "balance_changed",
    "change_price",
    "create_department",
    "create_product",
    "create_unit",
    "deactivate_product",
    "process_sale",
    "record_customer_payment",
    "register_customer",
    "return_sale",
    "update_product",
]
