"""The depot: a database with its read tables and events, known to child processes too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
import redis as redis_py
import sqlalchemy as sa
from psycopg.rows import dict_row

from tests.conftest import Database
from tests.rebuild.depot.declared import order_list, stock_list
from tests.rebuild.depot.models import Cancelled, Changed, Placed, Shipped, Swept
from worker import event_log
from worker.base import settings
from worker.contracts import Event
from worker.event_log import NewEvent, StoredEvent
from worker.event_log.subscribers import subscriptions
from worker.rebuild import state_machine
from worker.subscriptions import runner
from worker.subscriptions.projection import Projection, Row

DOMAIN = "tests.rebuild.depot"
DDL = Path(__file__).parent / "depot" / "ddl.sql"
ORDERS = "depot.orders"
STOCK = "depot.stock"
_IDS = UUID("f3ad7c1c-27a1-4e6c-8c0f-6c1f3c3f0c11")


def order_id(number: int) -> UUID:
    """The id of the depot's order of this number."""
    return uuid5(_IDS, str(number))


class Depot:
    """Places orders, and says what the read models and the engine's tables know of them."""

    def __init__(self, database: Database, connection: psycopg.Connection) -> None:
        self.database = database
        self.connection = connection

    def append(self, number: int, *events: Event) -> list[int]:
        """Commit events of one order; their positions."""
        new = [NewEvent(f"order-{number}", event.type, event.payload()) for event in events]
        return [place.position for place in event_log.append(self.connection, new)]

    def place(self, number: int, **fields: Any) -> list[int]:
        """Place an order."""
        return self.append(number, self.placed(number, **fields))

    @staticmethod
    def placed(number: int, **fields: Any) -> Placed:
        """The event that an order was placed."""
        lines = [{"product": f"p{number % 3}", "pieces": number % 5 + 1}]
        given = {"customer": f"c{number % 4}", "total": f"{number}.50", "lines": lines}
        return Placed(order_id=order_id(number), **(given | fields))

    def change(self, number: int, total: str = "7.00") -> list[int]:
        """Change an order's total."""
        return self.append(number, Changed(order_id=order_id(number), total=total))

    def ship(self, number: int) -> list[int]:
        """Ship an order."""
        return self.append(number, Shipped(order_id=order_id(number)))

    def cancel(self, number: int) -> list[int]:
        """Cancel an order."""
        return self.append(number, Cancelled(order_id=order_id(number)))

    def trade(self, first: int = 1, last: int = 30) -> None:
        """A history with everything in it: changes across orders, cancellations, odd text."""
        for number in range(first, last + 1):
            odd = {
                "note": f"tab\t, line\n, back\\slash, \\N, é, {number}",
                "labels": ["a,b", '"q"'],
            }
            self.place(number, **(odd if number % 2 else {}))
            if number % 7 == 0:
                self.append(number, Swept())
        for number in range(first, last + 1):
            self.change(number, f"{number}.25")
            if number % 3 == 0:
                self.ship(number)
            if number % 10 == 0:
                self.cancel(number)

    def project(self, *names: str) -> runner.CatchUpResult:
        """Run the depot's projections (or those named) up to the horizon, in this process."""
        return runner.catch_up(names or (ORDERS, STOCK))

    def orders(self) -> list[dict[str, Any]]:
        """What the view of the orders shows, with which rows first."""
        return self.rows("SELECT * FROM query.depot_orders ORDER BY order_id")

    def stock(self) -> dict[str, int]:
        """What the view of the stock shows."""
        rows = self.rows("SELECT * FROM query.depot_stock")
        return {row["product"]: row["taken"] for row in rows}

    def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of a query as dicts."""
        cursor = self.connection.cursor(row_factory=dict_row)
        return cursor.execute(query, values).fetchall()

    def one(self, query: str, *values: Any) -> Any:
        """The single value that a query gives."""
        row = self.connection.execute(query, values).fetchone()
        return row[0] if row else None

    def tables(self) -> set[str]:
        """The read tables that there are."""
        rows = self.rows("SELECT tablename FROM pg_tables WHERE tablename LIKE 'depot%%'")
        return {row["tablename"] for row in rows}

    def live(self, name: str = ORDERS) -> str:
        """The live table of a projection, as the runner knows it."""
        return str(self.one("SELECT read_table FROM cqrs.subscriptions WHERE name = %s", name))

    def rebuilds(self) -> list[dict[str, Any]]:
        """The rebuilds, the first one first."""
        return self.rows("SELECT * FROM cqrs.rebuilds ORDER BY rebuild_id")


@pytest.fixture
def depot(
    database: Database, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Depot]:
    """A depot without orders. Rebuilds do not rest before they drop the old table."""
    for one in (order_list, stock_list):
        monkeypatch.setitem(subscriptions._items, one.name, one)
    monkeypatch.setattr(state_machine, "GRACE", 0.0)
    chosen = settings.get_settings().model_copy(update={"domains": (DOMAIN,)})
    with database.connect() as connection, settings.using(chosen):
        connection.execute(DDL.read_bytes())
        made = Depot(database, connection)
        made.project()
        yield made


Deploy = Callable[..., Projection]
KEPT = ("customer", "total", "shipped", "changes", "note")


def _columns(names: tuple[str, ...], kinds: dict[str, Any]) -> list[sa.Column[Any]]:
    usual: dict[str, Any] = {
        "customer": sa.Text,
        "total": sa.Numeric(14, 2),
        "shipped": sa.Boolean,
        "changes": sa.Integer,
        "note": sa.Text,
        "labels": sa.ARRAY(sa.Text),
        "lines": sa.JSON,
        "updated_at": sa.DateTime(timezone=True),
        "size": sa.Text,
    }
    return [sa.Column(name, (usual | kinds)[name]) for name in names]


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Replaces the code of the orders' projection by version 2, with the columns given."""

    def deploy(*names: str, **kinds: Any) -> Projection:
        key = sa.Column("order_id", sa.Uuid, primary_key=True)
        columns = _columns(names, kinds)
        table = sa.Table("depot_orders", sa.MetaData(schema="query"), key, *columns)
        one = Projection(ORDERS, table, version=2, group="depot")

        def fold(row: Row | None, event: StoredEvent) -> Row:
            blank = dict.fromkeys(str(column.name) for column in table.c)
            row = row or blank | {"changes": 0, "shipped": False, "size": "small"}
            new = {"updated_at": event.recorded_at.isoformat(), **event.data}
            new["changes"] = row["changes"] + 1 if event.type == Changed.type else row["changes"]
            new["shipped"] = event.type == Shipped.type
            return row | new

        one.on(Placed, Changed, Shipped)(fold)
        monkeypatch.setitem(subscriptions._items, ORDERS, one)
        return one

    return deploy


ALL = ("customer", "total", "shipped", "changes", "note", "lines", "labels", "updated_at")


@pytest.fixture
def filled(depot: Depot) -> Depot:
    """A depot with some orders, none cancelled."""
    depot.trade(1, 9)
    depot.project()
    return depot
