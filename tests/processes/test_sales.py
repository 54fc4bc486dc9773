"""A day at the till through real workers: commands in, read models, the cache and a search index
outside kept, answers out."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tasks.sales import commands, queries
from tests.conftest import Database
from tests.sales.index import FILE, kept, told
from tests.sales.trades import a_rebuild_changes_nothing, agree
from tests.support.workers import Workers, until
from worker.contracts import Receipt

pytestmark = pytest.mark.timeout(180)
SALES = 40


def done(result: Any) -> Receipt:
    """A command's receipt, which must be a success."""
    receipt: Receipt = result.receipt(timeout=30)
    assert receipt.succeeded, receipt
    return receipt


def test_a_day_at_the_till(database: Database, workers: Workers, tmp_path: Path) -> None:
    file = tmp_path / "index.jsonl"
    index = {"CQRS_SALES_SEARCH_INDEX": "tests.sales.index:INDEX", FILE: str(file)}
    workers.start(concurrency=2, environ=index)
    workers.start_beat()

    office = done(commands.create_department.delay(name="Office")).data["department_id"]
    laptop = done(
        commands.create_product.delay(
            code="LAPTOP001",
            description="Dell Latitude 5420",
            sell_price=Decimal("1299.99"),
            cost_price=Decimal("950.00"),
            department_id=office,
            minimum_stock=Decimal(5),
        )
    ).data["product_id"]
    mouse = done(
        commands.create_product.delay(
            code="MOUSE001", description="Mouse", sell_price=Decimal("19.99")
        )
    ).data["product_id"]
    for product in (laptop, mouse):
        stock: dict[str, Any] = {"quantity_change": Decimal(200), "reason": "delivery"}
        done(commands.adjust_stock.delay(product_id=product, **stock))
    ada = done(commands.register_customer.delay(name="Ada", credit_limit=Decimal("100000.00"))).data
    items = [
        {"product_code": "LAPTOP001", "quantity": "1"},
        {"product_code": "MOUSE001", "quantity": "2"},
    ]
    sale: dict[str, Any] = {
        "items": items,
        "payment_type": "credit",
        "customer_id": ada["customer_id"],
    }
    sold = [commands.process_sale.delay(**sale) for _ in range(SALES)]
    receipts = [done(one) for one in sold]
    back = done(commands.return_sale.delay(sale_id=receipts[0].data["sale_id"]))
    last = done(commands.change_price.delay(product_id=laptop, sell_price=Decimal("1199.99")))

    after = max((back, last), key=lambda receipt: receipt.position or 0)
    found = queries.search_products.ask(search_term="lap", after=after, timeout=20).data
    assert [(one.code, one.sell_price) for one in found] == [("LAPTOP001", Decimal("1199.99"))]
    account = queries.customer_account.ask(customer_id=ada["customer_id"], after=after).data
    assert account is not None
    assert account.balance == (SALES - 1) * Decimal("1339.97")
    board = queries.dashboard.ask(day=datetime.now(UTC).date(), after=after).data
    assert (board.week_sales_count, len(board.recent_sales)) == (SALES - 1, 10)
    assert board.low_stock_product_count == 0

    until(lambda: file.exists() and len(told(file)) >= 3, 30, "the index was not told")
    assert kept(file)["LAPTOP001"]["price"] == "1199.99"
    ids = {line["task_id"] for line in told(file)}
    assert len(ids) == len(told(file)) == 3
    workers.stop()
    agree(database)
    a_rebuild_changes_nothing()
