"""Every read model equals what plain SQL computes from the write tables; days are the shop's."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tasks.sales import commands, projections
from tasks.sales.projections import folding
from tests.conftest import Database
from tests.sales.support import Till, product, sold
from tests.sales.trades import a_rebuild_changes_nothing, agree, trade
from tests.support.shop import accepted, send
from worker.contracts import Status, uuid7
from worker.event_log import StoredEvent
from worker.subscriptions.projection import Projection
from worker.subscriptions.runner import catch_up


def test_200_random_sales_and_every_read_model_is_right(database: Database) -> None:
    receipts = trade(seed=12, sales=200)

    agree(database)
    a_rebuild_changes_nothing()
    statuses = {receipt.status for receipt in receipts}
    assert statuses == {Status.SUCCEEDED, Status.REJECTED}


@pytest.mark.settings(projection_batch_size=1)
def test_events_folded_one_by_one_say_the_same(database: Database) -> None:
    trade(seed=7, sales=10, products=4)

    agree(database)


def test_a_product_is_low_on_stock_while_it_is_sold(till: Till) -> None:
    code = product("10.00", "5", minimum_stock="5", cost_price="2.50")

    def inventory() -> tuple[int, Decimal]:
        catch_up()
        row = till.row("query.sales_inventory")
        return row["low_stock_product_count"], row["total_inventory_value"]

    assert inventory() == (0, Decimal("12.50"))
    sold((code, "0.001"))
    assert inventory() == (1, Decimal("12.50"))
    sold((code, "1"))
    assert inventory() == (1, Decimal("10.00"))
    id_ = till.row("command.sales_products")["product_id"]
    accepted(send(commands.deactivate_product, product_id=id_))
    assert inventory() == (0, Decimal("10.00"))
    assert till.row("query.product_read_view")["is_low_stock"] is False


# ------------------------------------------------------------------------------ the shop's day
SALE = "018f0000-0000-7000-8000-000000000001"
SUNDAY = "2026-03-01"
INSTANTS: list[tuple[str, str, str]] = [
    ("UTC", "2026-02-28T23:59:59.999999Z", "2026-02-28"),
    ("UTC", "2026-03-01T00:00:00Z", SUNDAY),
    ("Europe/Berlin", "2026-02-28T22:59:59Z", "2026-02-28"),
    ("Europe/Berlin", "2026-02-28T23:00:00Z", SUNDAY),
    # the week ends: Sunday's last second, Monday's first
    ("Europe/Berlin", "2026-03-01T22:59:59Z", SUNDAY),
    ("Europe/Berlin", "2026-03-01T23:00:00Z", "2026-03-02"),
    # 2:30 twice on the last Sunday of October, 2:00 to 3:00 never on that of March
    ("Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25"),
    ("Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25"),
    ("Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-25"),
    ("Europe/Berlin", "2026-10-25T23:00:00Z", "2026-10-26"),
    ("Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-29"),
    ("Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30"),
    # where the hour that is repeated holds midnight: the day begins twice
    ("America/Havana", "2026-11-01T03:59:59Z", "2026-10-31"),
    ("America/Havana", "2026-11-01T04:30:00Z", "2026-11-01"),
    ("America/Havana", "2026-11-01T05:30:00Z", "2026-11-01"),
    ("Asia/Kathmandu", "2026-02-28T18:14:59Z", "2026-02-28"),
    ("Asia/Kathmandu", "2026-02-28T18:15:00Z", SUNDAY),
]


def completed(sold_at: str) -> StoredEvent:
    """A sale of that instant, as it comes out of the log."""
    data: dict[str, Any] = {
        "sale_id": SALE,
        "sale_number": "S-00000001",
        "customer_id": None,
        "customer_name": None,
        "payment_type": "cash",
        "item_count": 1,
        "total": "5.00",
        "paid_amount": "5.00",
        "change_amount": "0.00",
        "credited_amount": "0.00",
        "sold_at": sold_at,
    }
    now = datetime(2026, 3, 2, tzinfo=UTC)
    return StoredEvent(1, f"sales.sale-{SALE}", 1, "sales.SaleCompleted", 1, data, "{}", now)


def folded(projection: Projection, *events: StoredEvent) -> dict[str, Any]:
    """The one row that events fold into."""
    rows: dict[str, Any] = {}
    projection.fold(rows, projection.calls(events))
    (row,) = rows.values()
    return dict(row)


@pytest.mark.parametrize(("zone", "instant", "day"), INSTANTS)
def test_a_sale_belongs_to_the_day_that_the_shop_has(
    zone: str, instant: str, day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from worker.base import settings

    other = settings.get_settings().model_copy(update={"time_zone": zone})
    monkeypatch.setattr(settings, "_current", other)

    assert folded(projections.sale_summaries, completed(instant))["sold_on"] == day
    assert folded(projections.dashboard_days, completed(instant))["day"] == day


@pytest.mark.usefixtures("redis")
@pytest.mark.settings(time_zone="Pacific/Kiritimati")
def test_a_new_zone_is_a_rebuild(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.sales.queries import By, sales_report
    from worker.base import settings
    from worker.rebuild import rebuild

    sold((product(), "1"))
    catch_up()
    there: date = till.row("query.sale_summaries")["sold_on"]

    far = settings.get_settings().model_copy(update={"time_zone": "Pacific/Pago_Pago"})
    monkeypatch.setattr(settings, "_current", far)
    for name in ("sale_summaries", "dashboard_days"):
        rebuild(f"sales.{name}")

    here: date = till.row("query.sale_summaries")["sold_on"]
    assert (there - here).days in (1, 2)  # 25 hours apart
    assert till.row("query.dashboard_days")["day"] == here
    report = sales_report.ask(since=here, until=here, by=By.DAY).data
    assert [line.label for line in report] == [here.isoformat()]


def test_an_event_without_its_row_is_a_fault_and_names_its_place() -> None:
    data = {"product_id": str(uuid7()), "quantity_in_stock": "1.000"}
    now = datetime(2026, 3, 2, tzinfo=UTC)
    event = StoredEvent(7, "sales.product-1", 2, "sales.InventoryAdjusted", 1, data, "{}", now)

    with pytest.raises(LookupError, match=r"position 7, sales.product-1"):
        folded(projections.product_view, event)


def test_the_later_sale_is_the_later_by_the_clock() -> None:
    early, late = "2026-03-02T08:00:00Z", "2026-03-02T08:00:00.000001Z"

    assert folding.later(None, early) == early
    assert folding.later(early, late) == folding.later(late, early) == late
