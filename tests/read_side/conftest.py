"""The shop: a database with its read tables, its projections subscribed while a test runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis as redis_py

from tests.conftest import Database, in_database, test_settings
from tests.read_side.shop import queries as _queries  # noqa: F401  # declares them
from tests.read_side.shop.models import Sold
from tests.read_side.shop.projections import customer_list, item_list
from worker import cache, event_log
from worker.base import db, settings, wake_ups
from worker.base.settings import Settings
from worker.base.sql import statement
from worker.cache import server
from worker.contracts import Event
from worker.embedded import Servers
from worker.event_log import NewEvent
from worker.event_log.subscribers import subscriptions
from worker.subscriptions import runner

DDL = Path(__file__).parent / "shop" / "ddl.sql"
CLEAN = """
    TRUNCATE cqrs.events, cqrs.streams, cqrs.subscriptions, cqrs.invalidations, cqrs.refreshed,
             cqrs.refresh_requests, cqrs.query_audit, query.shop_items_v1, query.shop_customers_v1
             RESTART IDENTITY CASCADE;
    REFRESH MATERIALIZED VIEW query.shop_totals;
"""


@dataclass
class Shop:
    """A shop to sell in: commits events, and runs the projections when it is told to."""

    database: Database
    connection: psycopg.Connection

    def sell(self, item: str = "pen", customer: str = "ada", price: str = "1.50") -> int:
        """Sell a piece; the position of the event."""
        return self.append(f"item-{item}", Sold(item=item, customer=customer, price=price))

    def append(self, stream: str, event: Event) -> int:
        """Commit an event; its position."""
        new = NewEvent(stream, event.type, event.payload())
        return event_log.append(self.connection, [new])[0].position

    def project(self, *names: str) -> None:
        """Run these projections (all of the shop's if none is named) up to the horizon."""
        runner.catch_up(names=names or ("shop.items", "shop.customers"))

    def invalidate(self) -> None:
        """Tell the cache of every tag that waits."""
        for number, tags, position in self.waiting_tags():
            cache.invalidate(tags, position)
            ids = {"ids": [number]}
            self.connection.execute(
                statement("worker.subscriptions", "tick_off_invalidations"), ids
            )

    def waiting_tags(self) -> list[tuple[int, list[str], int]]:
        """The invalidations that the cache has not been told of."""
        rows = self.connection.execute(
            "SELECT invalidation_id, tags, position FROM cqrs.invalidations ORDER BY 1"
        )
        return rows.fetchall()

    def refresh(self, horizon: int) -> None:
        """Refresh the materialized view, as the refreshes do: the horizon in its transaction."""
        with self.connection.transaction():
            self.connection.execute("REFRESH MATERIALIZED VIEW query.shop_totals")
            self.connection.execute(
                "INSERT INTO cqrs.refreshed (view, horizon) VALUES ('query.shop_totals', %s)"
                " ON CONFLICT (view) DO UPDATE SET horizon = EXCLUDED.horizon",
                [horizon],
            )

    def settle(self) -> None:
        """Everything that follows a commit: project, invalidate."""
        self.project()
        self.invalidate()


def settings_with(**changes: object) -> Settings:
    """The current settings, but for these."""
    now = settings.get_settings().model_dump(exclude_unset=True)
    return Settings(**(now | changes))


@pytest.fixture(scope="session")
def shop_database(servers: Servers, template: str) -> Database:
    """The database of the shop, for all tests of this folder."""
    name = "cqrs_shop"
    made = Database(name, in_database(servers.database_url, name))
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    with made.connect() as connection:
        connection.execute(DDL.read_text())
    return made


@pytest.fixture
def shop(
    shop_database: Database,
    servers: Servers,
    redis: redis_py.Redis,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Shop]:
    """The shop, empty, in use by the whole engine; its log begins at position 1."""
    for one in (item_list, customer_list):
        monkeypatch.setitem(subscriptions._items, one.name, one)
    chosen = test_settings(servers, shop_database.url, tmp_path)
    with settings.using(chosen), shop_database.connect() as connection:
        server.ask_again()
        connection.execute(CLEAN)
        runner._added.clear()  # their checkpoints are gone
        made = Shop(shop_database, connection)
        made.project()
        yield made
        made.connection.close()
        db.close()
        wake_ups.forget()
