"""Handlers of the sales domain: each loads, lets a rule decide, and hands over what changes.

catalogue.py    departments, units, products, prices, stock
tills.py        sales and returns, customers and what they owe
shared.py       moving goods, changing a balance, finding rows
"""

from tasks.sales.commands.catalogue import (
    adjust_stock,
    change_price,
    create_department,
    create_product,
    create_unit,
    deactivate_product,
    update_product,
)
from tasks.sales.commands.tills import (
    process_sale,
    record_customer_payment,
    register_customer,
    return_sale,
)

__all__ = [
    "adjust_stock",
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
