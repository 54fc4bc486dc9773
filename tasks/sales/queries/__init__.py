"""Questions about the sales domain. Nothing found is None, or an empty list.

Products are everybody's to see, but for what they cost; a customer sees his own account and
purchases (`customer_id`), staff everything. A list comes in pages (`limit` 1 to 1,000; `cursor`,
the `next` of the page before), narrowed by `where` (conditions by name: `conditions`), and says how
many rows there are if `total` is asked for.

products.py    one product, lists, the search, prices, what they have brought in
tills.py       customers and sales, reports, the dashboard
"""

from tasks.sales.queries.products import (
    list_products,
    low_stock_products,
    price_history,
    product_by_code,
    product_by_id,
    product_for_edit,
    product_for_list,
    product_sales_statistics,
    search_products,
)
from tasks.sales.queries.tills import (
    By,
    customer_account,
    customer_purchases,
    dashboard,
    sale_by_number,
    sales_report,
    sales_summary_by_day,
    search_customers,
)

__all__ = [
    "By",
    "customer_account",
    "customer_purchases",
    "dashboard",
    "list_products",
    "low_stock_products",
    "price_history",
    "product_by_code",
    "product_by_id",
    "product_for_edit",
    "product_for_list",
    "product_sales_statistics",
    "sale_by_number",
    "sales_report",
    "sales_summary_by_day",
    "search_customers",
    "search_products",
]
