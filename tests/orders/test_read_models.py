"""The read models say what the write tables say, whatever the trade and however it is read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from psycopg.rows import dict_row

from models.orders import read, write
from tasks.orders import projections
from tests.conftest import Database
from tests.orders.trades import trades
from tests.support.shop import Shop, accepted
from worker import refresh
from worker.base.sql import blocks
from worker.commands.executor import execute
from worker.contracts import Envelope
from worker.event_log import StoredEvent
from worker.rebuild import rebuild
from worker.subscriptions.projection import Projection
from worker.subscriptions.runner import catch_up

VIEWS = ("revenue_by_product", "customer_lifetime_value")
READ_MODELS = [table.name for table in read.metadata.tables.values()]


def said(database: Database, name: str) -> list[dict[str, Any]]:
    """A read model's rows, without the time of their last change."""
    with database.connect() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        rows = cursor.execute(f"SELECT * FROM query.{name} ORDER BY 1").fetchall()
    return [{column: row[column] for column in row if column != "updated_at"} for row in rows]


def recomputed(database: Database, name: str) -> list[dict[str, Any]]:
    """The same, computed from the write tables."""
    statement = blocks("tests.orders", "recomputed.sql")[name]
    with database.connect() as connection:
        return connection.cursor(row_factory=dict_row).execute(statement).fetchall()


def agree(database: Database, names: Sequence[str] = (*READ_MODELS, *VIEWS)) -> None:
    """Check every read model against the write tables."""
    for name in names:
        assert said(database, name) == recomputed(database, name), name


def start_again(database: Database) -> None:
    """Empty the database."""
    command = [table.fullname for table in write.metadata.tables.values()]
    query = [f"query.{name}_v1" for name in READ_MODELS]
    engine = ["cqrs.events", "cqrs.streams", "cqrs.receipts", "cqrs.audit_log"]
    with database.connect() as connection:
        names = ", ".join([*command, *query, *engine])
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY")
        connection.execute("UPDATE cqrs.subscriptions SET position = 0")


def test_read_models_equal_the_write_tables_after_any_trade(database: Database) -> None:
    @settings(
        max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(trades(), trades())
    def check(first: list[Envelope], second: list[Envelope]) -> None:
        start_again(database)
        for trade in (first, second):
            execute(trade)
            catch_up()
        refresh.refresh(VIEWS)
        agree(database)

    check()


@pytest.mark.settings(projection_batch_size=1)
def test_events_folded_one_by_one_say_the_same(shop: Shop) -> None:
    _a_busy_day(shop)

    catch_up()
    refresh.refresh(VIEWS)

    agree(shop.database)


def _a_busy_day(shop: Shop) -> dict[str, UUID]:
    """An order of each fate."""
    pen, ink = shop.product("2.35", 50), shop.product("7.99", 20, reorder_level=15)
    orders = {"pending": shop.ordered((pen, 2), (ink, 1), (pen, 1))}
    orders["paid"] = shop.paid((ink, 2))
    orders["delivered"] = shop.paid((pen, 5), (ink, 3))
    shop.move(orders["delivered"], "processing", "shipped", "delivered")
    orders["cancelled"] = shop.paid((ink, 9))
    accepted(shop.cancel(orders["cancelled"], reason="too late"))
    return orders


@pytest.mark.parametrize("name", READ_MODELS)
def test_a_rebuild_finds_nothing_wrong(shop: Shop, name: str) -> None:
    _a_busy_day(shop)
    catch_up()

    rebuilt = rebuild(f"orders.{name}", goes_live=False)

    assert (rebuilt.differing, rebuilt.rows) == (0, len(said(shop.database, name)))
    assert rebuilt.rows > 0


def test_stock_is_counted_as_a_shop_counts_it(shop: Shop) -> None:
    pen = shop.product("1.00", 20, reorder_level=12)

    def inventory() -> tuple[int, int, int, int, bool]:
        catch_up()
        row = shop.row("query.product_inventory", product_id=pen)
        return (
            row["quantity_available"],
            row["quantity_reserved"],
            row["quantity_in_stock"],
            row["quantity_in_orders"],
            row["low_stock"],
        )

    assert inventory() == (20, 0, 20, 0, False)
    order_id = shop.paid((pen, 8))
    assert inventory() == (20, 8, 12, 8, False)
    shop.move(order_id, "processing")
    other = shop.ordered((pen, 1))
    assert inventory() == (20, 9, 11, 9, True)
    shop.move(order_id, "shipped")
    assert inventory() == (12, 1, 11, 1, True)
    accepted(shop.cancel(other))
    assert inventory() == (12, 0, 12, 0, False)


def test_a_cancelled_order_shows_why_and_what_was_paid_back(shop: Shop) -> None:
    order_id = shop.paid((shop.product("10.00"), 1))
    accepted(shop.cancel(order_id, reason="too late"))
    catch_up()

    order = shop.row("query.order_summaries", order_id=order_id)
    payment = shop.row("query.payments", order_id=order_id)
    timeline = shop.row("query.order_status_timeline", order_id=order_id)

    assert (order["status"], order["cancellation_reason"]) == ("cancelled", "too late")
    assert order["refund_amount"] == payment["refund_amount"] == Decimal("11.00")
    assert payment["refunded_at"] == timeline["cancelled_at"]


def test_revenue_counts_what_is_paid_and_not_cancelled(shop: Shop) -> None:
    _a_busy_day(shop)
    catch_up()
    assert said(shop.database, "revenue_by_product") == []

    refresh.refresh_all()

    (customer,) = said(shop.database, "customer_lifetime_value")
    # 15.98 + 1.60 and 35.72 + 3.57: goods and tax of the order paid and the order delivered
    assert (customer["total_orders"], customer["lifetime_value"]) == (2, Decimal("56.87"))
    revenue = {row["product_name"]: row for row in said(shop.database, "revenue_by_product")}
    assert sorted((r["orders_count"], r["units_sold"]) for r in revenue.values()) == [
        (1, 5),
        (2, 5),
    ]


# ------------------------------------------------------------------------------ folds alone
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)
ORDER = "018f0000-0000-7000-8000-000000000001"


def event(kind: str, position: int = 1, **data: Any) -> StoredEvent:
    """An event as it comes out of the log."""
    return StoredEvent(position, "order-1", position, f"orders.{kind}", 1, data, "{}", MONDAY)


def folded(projection: Projection, *events: StoredEvent) -> dict[str, Any]:
    """The one row that events fold into."""
    rows: dict[str, Any] = {}
    projection.fold(rows, projection.calls(events))
    (row,) = rows.values()
    return dict(row)


def test_hours_are_those_of_each_step() -> None:
    order = {"order_id": ORDER, "order_number": "ORD-2026-00001"}

    def at(hours: float) -> str:
        return (MONDAY + timedelta(hours=hours)).isoformat()

    row = folded(
        projections.order_status_timeline,
        event("OrderCreated", 1, **order, created_at=at(0)),
        event("PaymentProcessed", 2, **order, paid_at=at(0.5)),
        event("OrderProcessingStarted", 3, **order, processing_at=at(1)),
        event("OrderShipped", 4, **order, shipped_at=at(24.5)),
        event("OrderDelivered", 5, **order, delivered_at=at(72.25)),
    )

    assert [Decimal(row[name]) for name in row if name.startswith("hours")] == [
        Decimal("0.5"),
        Decimal("24"),
        Decimal("47.75"),
        Decimal("72.25"),
    ]


@pytest.mark.parametrize(
    ("projection", "kind"),
    [
        (projections.order_summaries, "PaymentProcessed"),
        (projections.customer_orders, "OrderItemAdded"),
        (projections.order_status_timeline, "OrderShipped"),
        (projections.product_inventory, "OrderCreated"),
    ],
)
def test_an_event_without_its_row_is_a_fault_and_names_its_place(
    projection: Projection, kind: str
) -> None:
    with pytest.raises(LookupError, match=r"position 7, order-1"):
        folded(projection, event(kind, 7, order_id=ORDER, item={}, pieces={ORDER: 1}))
