"""How events become the read models of the sales domain: pure folds of plain rows.

products.py     product_read_view, price_history, inventory
sales.py        sale_summaries, sale_lines, dashboard_days
statistics.py   customer_accounts, product_sales
"""

from tasks.sales.projections.products import inventory, price_history, product_view
from tasks.sales.projections.sales import dashboard_days, sale_lines, sale_summaries
from tasks.sales.projections.statistics import customer_accounts, product_sales

__all__ = [
    "customer_accounts",
    "dashboard_days",
    "inventory",
    "price_history",
    "product_sales",
    "product_view",
    "sale_lines",
    "sale_summaries",
]
