"""The things as readers see them: all that follows a commit is done when a test says so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis as redis_py

from tests.conftest import in_database, test_settings
from tests.support.things import projections as _projections  # noqa: F401  # declares them
from tests.support.things import queries as _queries  # noqa: F401
from tests.support.things.history import HERE, Things
from worker import cache
from worker.base import db, settings, wake_ups
from worker.base.settings import Settings
from worker.cache import server
from worker.embedded import Servers
from worker.subscriptions import checkpoints, runner

CLEAN = """
    TRUNCATE cqrs.events, cqrs.streams, cqrs.subscriptions, cqrs.invalidations, cqrs.refreshed,
             cqrs.refresh_requests, cqrs.query_audit, cqrs.dead_letters, cqrs.running_subscriptions,
             query.things_v1, query.thing_places_v1
             RESTART IDENTITY CASCADE;
    REFRESH MATERIALIZED VIEW query.thing_totals;
"""


class ReadSide(Things):
    """Things that come to places, one at a time, and what follows a commit, step by step."""

    def visit(self, name: str = "pen", place: str = "ada", price: str = "1.50") -> int:
        """A thing comes to a place; the position of the event."""
        return self.move(name, place, price=price)[0]

    def invalidate(self) -> None:
        """Tell the cache of every tag that waits."""
        for number, tags, position in self.waiting_tags():
            cache.invalidate(tags, position)
            ids = {"ids": [number]}
            self.connection.execute(checkpoints.SQL["tick_off_invalidations"], ids)

    def waiting_tags(self) -> list[tuple[int, list[str], int]]:
        """The invalidations that the cache has not been told of."""
        rows = self.connection.execute(
            "SELECT invalidation_id, tags, position FROM cqrs.invalidations ORDER BY 1"
        )
        return rows.fetchall()

    def refresh(self, horizon: int) -> None:
        """Refresh the materialized view, as the refreshes do: the horizon in its transaction."""
        with self.connection.transaction():
            self.connection.execute("REFRESH MATERIALIZED VIEW query.thing_totals")
            self.connection.execute(
                "INSERT INTO cqrs.refreshed (view, horizon) VALUES ('query.thing_totals', %s)"
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
def things_database(servers: Servers, template: str) -> ReadSide:
    """One database for all tests of this folder."""
    name = "cqrs_read_side"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    made = ReadSide(name, in_database(servers.database_url, name))
    made.create()
    made.connection.execute((HERE / "views.sql").read_text())
    made.close()
    return made


@pytest.fixture
def things(
    things_database: ReadSide, servers: Servers, redis: redis_py.Redis, tmp_path: Path
) -> Iterator[ReadSide]:
    """No things, in use by the whole engine; the log begins at position 1."""
    made = things_database
    with settings.using(test_settings(servers, made.url, tmp_path)):
        server.ask_again()
        made.connection.execute(CLEAN)
        runner._added.clear()  # their checkpoints are gone
        made.project()
        yield made
        made.close()
        db.close()
        wake_ups.forget()
