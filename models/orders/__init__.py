"""The orders domain as it is stored: customers, products, orders, their lines and payments.

Stock has two figures, as a shop counts it. `quantity_available` is what lies on the shelf, and
`quantity_reserved` is how much of that is promised to open orders; what can still be sold is the
difference. Taking an order reserves, cancelling releases, shipping takes goods off both.
"""

WRITE_OBJECTS = ("customers", "orders", "products", "order_items", "payments", "order_numbers")
"""Files of `sql/command/`: one table (with its indexes and audit triggers) or sequence each."""

CATALOGUE_OBJECTS = ("products_active",)
"""What `0002_catalogue` adds, of `sql/command/`."""

MATERIALIZED_VIEWS = ("revenue_by_product", "customer_lifetime_value")
"""Files of `sql/query/`: one materialized view over the read tables each."""
