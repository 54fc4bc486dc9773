"""The same events, projected by PyPI's `eventsourcing` into the same columns of PostgreSQL.

Its projection runner hands over one event at a time; the row and the position are written in one
transaction, as its documentation shows. It writes with the driver's prepared statements, its
position in one row, and commits without waiting for the disk, as ours does.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict

from worker import Settings
from worker.base import db

SAVED_AT_ONCE = 200
"""Orders in one call of `save`."""
TABLE = """
CREATE TABLE rival_orders (
    order_id uuid PRIMARY KEY, order_number text, customer_id uuid, customer_name text, status text,
    total numeric(14, 2), item_count int, version int, created_at timestamptz,
    updated_at timestamptz)
"""
CREATED = """
INSERT INTO rival_orders VALUES (%s, %s, %s, %s, 'pending', %s, %s, %s, %s, %s)
"""
MOVED = "UPDATE rival_orders SET status = %s, version = %s, updated_at = %s WHERE order_id = %s"


class Order(Aggregate):
    """An order with the fields of `bench.catch_up`."""

    @event("Created")
    def __init__(
        self, number: str, customer: str, name: str, total: str, items: list[dict[str, Any]]
    ) -> None:
        self.number, self.customer, self.name, self.total = number, customer, name, total
        self.items = items

    @event("Paid")
    def pay(self, amount: str) -> None:
        """Pay the order."""
        self.amount = amount

    @event("Shipped")
    def ship(self, carrier: str) -> None:
        """Ship the order."""
        self.carrier = carrier


class Orders(Application[UUID]):
    """Where the rival's events are."""


class OrderRows(PostgresTrackingRecorder):
    """The rival's read table: a row and the position in one transaction."""

    def write(self, query: str, values: tuple[Any, ...], tracking: Tracking) -> None:
        """Change a row and move on."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(query, values, prepare=True)


class OrderList(Projection[OrderRows]):
    """Folds the rival's events."""

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """Fold an event: they come in order, one by one."""
        version, at = domain_event.originator_version, domain_event.timestamp
        order = domain_event.originator_id
        if isinstance(domain_event, Order.Created):
            one: Any = domain_event
            values = (order, one.number, UUID(one.customer), one.name, one.total, len(one.items))
            self.view.write(CREATED, (*values, version, at, at), tracking)
        else:
            status = "paid" if type(domain_event).__name__ == "Paid" else "shipped"
            self.view.write(MOVED, (status, version, at, order), tracking)


def projecting(chosen: Settings, events: int) -> float:
    """Events per second, of as many events; every row is checked."""
    with _environment(chosen) as environment:
        last = _fill(environment, events // 3)
        began = time.perf_counter()
        with ProjectionRunner(
            application_class=Orders,
            projection_class=OrderList,
            view_class=OrderRows,
            env=environment,
        ) as runner:
            runner.wait(last, timeout=600)
        took = time.perf_counter() - began
    with db.owner() as connection:
        query = "SELECT count(*) FROM rival_orders WHERE status = 'shipped' AND version = 3"
        assert connection.execute(query).fetchall() == [(events // 3,)]
        connection.execute("DROP TABLE rival_orders")
    return events / took


def _fill(environment: dict[str, str], orders: int) -> int:
    app = Orders(environment)
    last = 0
    for first in range(0, orders, SAVED_AT_ONCE):
        made = [_order(number) for number in range(first, min(first + SAVED_AT_ONCE, orders))]
        last = app.save(*made)[-1].notification.id
    app.close()
    return last


def _order(number: int) -> Order:
    items = [{"product_id": str(uuid4()), "quantity": 1} for _ in range(2)]
    order = Order(
        number=f"ORD-2026-{number}",
        customer=str(uuid4()),
        name=f"Customer {number % 1000}",
        total="105.00",
        items=items,
    )
    order.pay(amount="105.00")
    order.ship(carrier="post")
    return order


@contextmanager
def _environment(chosen: Settings) -> Iterator[dict[str, str]]:
    url = db.psycopg_url(chosen.servers.database)
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
        connection.execute(f"ALTER DATABASE {parts['dbname']} SET synchronous_commit = off")
        yield {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": parts["dbname"],
            "POSTGRES_HOST": parts["host"],
            "POSTGRES_PORT": parts.get("port", "5432"),
            "POSTGRES_USER": parts["user"],
            "POSTGRES_PASSWORD": parts.get("password", ""),
        }
        connection.execute(f"ALTER DATABASE {parts['dbname']} RESET synchronous_commit")
