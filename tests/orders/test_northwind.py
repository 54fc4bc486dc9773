"""The Northwind trade: 3,446 real commands, and every figure of what the read side must say."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.conftest import Database
from tests.support.shop import batches, run
from worker import refresh
from worker.contracts import Envelope, Receipt
from worker.subscriptions.runner import catch_up

DATA = Path(
    os.environ.get("CQRS_TEST_DATA") or Path(__file__).parents[2].parent / "shared" / "data"
)
COMMANDS, EXPECTED = DATA / "northwind.jsonl", DATA / "northwind-expected.json"

needs_data = pytest.mark.skipif(
    not (COMMANDS.is_file() and EXPECTED.is_file()),
    reason="the Northwind files are not here: name their folder in CQRS_TEST_DATA",
)


def read_commands() -> list[Envelope]:
    """The commands in the order in which they happened."""
    lines = map(json.loads, COMMANDS.read_text(encoding="utf-8").splitlines())
    return [Envelope(UUID(one["id"]), one["command"], one["payload"]) for one in lines]


def run_all(envelopes: list[Envelope]) -> list[Receipt]:
    """Run them in batches of 50, in order."""
    return [receipt for batch in batches(envelopes, 50) for receipt in run(batch)]


def read_side(database: Database) -> dict[str, Any]:
    """What the read models say, in the words of the expected file."""
    columns = {
        "orders": ("query.order_summaries", "order_id"),
        "inventory": ("query.product_inventory", "product_id"),
        "revenue_by_product": ("query.revenue_by_product", "product_id"),
        "customers": ("query.customer_lifetime_value", "customer_id"),
    }
    with database.connect() as connection:
        return {
            part: {str(row[key]): _plain(row) for row in _table(connection, table)}
            for part, (table, key) in columns.items()
        }


def _table(connection: psycopg.Connection, name: str) -> list[dict[str, Any]]:
    return connection.cursor(row_factory=dict_row).execute(f"TABLE {name}").fetchall()


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    as_text = (Decimal, UUID)
    return {
        name: str(value) if isinstance(value, as_text) else value for name, value in row.items()
    }


def only_expected(said: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """What is said, without the columns that the expected file does not speak of."""
    return {
        part: {
            key: {name: row[name] for name in next(iter(expected[part].values()))}
            for key, row in said[part].items()
        }
        for part in said
    }


@needs_data
def test_every_figure_of_the_northwind_trade_is_right_and_stays_so(database: Database) -> None:
    envelopes = read_commands()
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    totals = expected.pop("totals")

    receipts = run_all(envelopes)
    assert {receipt.status for receipt in receipts} == {"succeeded"}
    assert len(receipts) == totals["commands"]

    progress = catch_up()
    refresh.refresh_all()
    said = read_side(database)
    assert progress.caught_up
    assert only_expected(said, expected) == expected
    revenue = sum(Decimal(row["total_revenue"]) for row in said["revenue_by_product"].values())
    assert str(revenue) == totals["revenue"]
    assert (
        str(sum(Decimal(row["total"]) for row in said["orders"].values()))
        == (totals["grand_total"])
    )
    assert len(said["orders"]) == totals["orders"]
    assert sum(row["item_count"] for row in said["orders"].values()) == totals["order_items"]

    again = run_all(envelopes)
    catch_up()
    assert again == receipts
    assert read_side(database) == said
