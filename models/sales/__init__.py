"""The sales domain as it is stored: a shop's own catalogue, its customers' accounts, its sales.

Quantities have three decimals (a shop sells by weight too), money has two. `quantity_in_stock` is
what lies on the shelf; a sale takes it off at once, a return puts it back. A customer's `balance`
is what he owes: sales on credit raise it up to his `credit_limit`, payments and returns lower it,
and below zero the shop owes him.
"""

WRITE_OBJECTS = (
    "sales_departments",
    "sales_units",
    "sales_customers",
    "sales",
    "sales_products",
    "sale_items",
    "sales_stock_movements",
    "sales_price_history",
    "sale_numbers",
)
"""Files of `sql/command/`: one table (with its indexes and audit triggers) or sequence each."""

MATERIALIZED_VIEWS = ("sales_summary_by_day",)
"""Files of `sql/query/`: one materialized view over the read tables each."""
