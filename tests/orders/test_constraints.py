"""Constraints stand behind every rule: the database itself refuses what no rule caught."""

from __future__ import annotations

import psycopg
import pytest

from models.orders import write
from tests.conftest import Database
from tests.support.shop import Shop, accepted


@pytest.fixture
def trade(shop: Shop) -> None:
    """One order of each status, so that each has something to break."""
    pen = shop.product("2.35", 100)
    shop.ordered((pen, 2))
    for steps in range(4):
        shop.move(shop.paid((pen, 2)), *("processing", "shipped", "delivered")[:steps])
    accepted(shop.cancel(shop.paid((pen, 2))))


ORDERS = "UPDATE command.orders SET {} WHERE status = '{}'"
ITEMS = "UPDATE command.order_items SET {}"
PRODUCTS = "UPDATE command.products SET {}"
PAYMENTS = "UPDATE command.payments SET {} WHERE status = '{}'"
TIMES = "orders_status_with_its_times"
SAME_SKU = (
    "INSERT INTO command.products SELECT gen_random_uuid(), sku, name, description, price,"
    " cost, 0, 0, 0, now() FROM command.products"
)
SAME_EMAIL = (
    "INSERT INTO command.customers SELECT gen_random_uuid(), email, name, phone, address,"
    " city, country, now() FROM command.customers"
)
PAID_AGAIN = (
    "INSERT INTO command.payments SELECT gen_random_uuid(), order_id, amount, payment_method,"
    " NULL, 'paid', 0, now() FROM command.payments WHERE status = 'paid'"
)
WRONG: list[tuple[str, str]] = [
    ("products_never_oversold", PRODUCTS.format("quantity_reserved = 101")),
    ("products_never_oversold", PRODUCTS.format("quantity_reserved = -1")),
    ("products_never_oversold", PRODUCTS.format("quantity_available = 0")),
    ("products_figures_positive", PRODUCTS.format("price = -0.01")),
    ("products_figures_positive", PRODUCTS.format("cost = -0.01")),
    ("products_figures_positive", PRODUCTS.format("reorder_level = -1")),
    ("products_inactive_not_reordered", PRODUCTS.format("active = false, reorder_level = 1")),
    ("products_name_given", PRODUCTS.format("name = ''")),
    ("products_sku_once", SAME_SKU),
    ("customers_email_once", SAME_EMAIL),
    ("customers_email_lower", "UPDATE command.customers SET email = upper(email)"),
    ("customers_name_given", "UPDATE command.customers SET name = ''"),
    ("orders_number_form", ORDERS.format("order_number = '17'", "pending")),
    ("orders_number_once", "UPDATE command.orders SET order_number = 'ORD-2026-77777'"),
    ("orders_counts_from_one", ORDERS.format("version = 0", "pending")),
    ("orders_counts_from_one", ORDERS.format("item_count = 0", "pending")),
    ("orders_amounts_positive", ORDERS.format("shipping = -1, total = total - 1", "pending")),
    ("orders_tax_right", ORDERS.format("tax = tax + 0.01, total = total + 0.01", "pending")),
    (
        "orders_tax_right",
        ORDERS.format(
            "tax_rate = 2, tax = 2 * subtotal, total = 3 * subtotal + shipping", "pending"
        ),
    ),
    ("orders_total_right", ORDERS.format("total = total - 0.01", "pending")),
    ("orders_reason_if_cancelled", ORDERS.format("cancellation_reason = NULL", "cancelled")),
    ("orders_reason_if_cancelled", ORDERS.format("cancellation_reason = 'why'", "pending")),
    (TIMES, ORDERS.format("status = 'lost'", "paid")),
    (TIMES, ORDERS.format("status = 'paid'", "pending")),
    (TIMES, ORDERS.format("paid_at = now()", "pending")),
    (TIMES, ORDERS.format("paid_at = NULL", "paid")),
    (TIMES, ORDERS.format("status = 'processing'", "paid")),
    (TIMES, ORDERS.format("paid_at = NULL", "processing")),
    (TIMES, ORDERS.format("status = 'shipped', shipped_at = now()", "paid")),
    (TIMES, ORDERS.format("delivered_at = now()", "shipped")),
    (TIMES, ORDERS.format("shipped_at = NULL", "delivered")),
    (TIMES, ORDERS.format("shipped_at = now()", "cancelled")),
    (TIMES, ORDERS.format("cancelled_at = NULL", "cancelled")),
    (
        "order_items_line_once",
        ITEMS.format("order_id = (SELECT order_id FROM command.orders LIMIT 1)"),
    ),
    ("order_items_counts_from_one", ITEMS.format("line = 0")),
    ("order_items_counts_from_one", ITEMS.format("quantity = 0, subtotal = 0")),
    ("order_items_price_positive", ITEMS.format("unit_price = -1, subtotal = -quantity")),
    (
        "order_items_price_positive",
        ITEMS.format("discount = 1.1, subtotal = round(unit_price * quantity * -0.1, 2)"),
    ),
    ("order_items_subtotal_right", ITEMS.format("subtotal = subtotal + 0.01")),
    ("order_items_product_id_fkey", ITEMS.format("product_id = gen_random_uuid()")),
    ("payments_transaction_once", PAYMENTS.format("transaction_id = 'T'", "paid")),
    ("payments_paid_once", PAID_AGAIN),
    ("payments_status_known", PAYMENTS.format("status = 'lost'", "paid")),
    ("payments_amount_positive", PAYMENTS.format("amount = -1", "paid")),
    ("payments_refund_within", PAYMENTS.format("refund_amount = amount + 1", "refunded")),
    ("payments_refunded_with_time", PAYMENTS.format("refunded_at = NULL", "refunded")),
    ("payments_refunded_with_time", PAYMENTS.format("refund_amount = amount", "paid")),
]


@pytest.mark.usefixtures("trade")
def test_the_database_refuses_what_no_rule_caught(database: Database) -> None:
    caught = [(_violated(database, statement), statement) for _, statement in WRONG]

    assert caught == WRONG


def _violated(database: Database, statement: str) -> str | None:
    with database.connect() as connection, pytest.raises(psycopg.IntegrityError) as error:
        connection.execute(statement)
    return error.value.diag.constraint_name


def test_every_constraint_is_tried(database: Database) -> None:
    with database.connect() as connection:
        rows = connection.execute(
            "SELECT conname::text FROM pg_constraint"
            " WHERE contype IN ('c', 'u') AND conrelid = ANY (%s::text[]::regclass[])",
            [list(write.metadata.tables)],
        ).fetchall()

    assert {name for (name,) in rows} - dict(WRONG).keys() == set()
