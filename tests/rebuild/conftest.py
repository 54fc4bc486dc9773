"""The things and their rebuilds, known to child processes too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis as redis_py
import sqlalchemy as sa

from tests.conftest import Database
from tests.support.things.history import DOMAIN, LIST, Things
from tests.support.things.models import ThingAdded, ThingPriced, ThingShipped, thing_rows
from tests.support.things.projections import GROUP
from worker.base import settings
from worker.event_log import StoredEvent
from worker.event_log.subscribers import subscriptions
from worker.rebuild import state_machine
from worker.subscriptions.projection import Projection, Row

DOMAINS = (DOMAIN, "tests.rebuild.trouble")


class ReadModels(Things):
    """Things whose read models are rebuilt, and what the engine's tables know of that."""

    def tables(self) -> set[str]:
        """The read tables that there are."""
        rows = self.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'query' AND tablename ~ '^thing'"
        )
        return {row["tablename"] for row in rows}

    def live(self, name: str = LIST) -> str:
        """The live table of a projection, as the runner knows it."""
        return str(self.one("SELECT read_table FROM cqrs.subscriptions WHERE name = %s", name))

    def all_told(self) -> None:
        """The cache has been told of whatever was folded so far."""
        self.connection.execute("DELETE FROM cqrs.invalidations")

    def rebuilds(self) -> list[dict[str, Any]]:
        """The rebuilds, the first one first."""
        return self.rows("SELECT * FROM cqrs.rebuilds ORDER BY rebuild_id")


@pytest.fixture
def things(
    database: Database, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReadModels]:
    """No things. Rebuilds do not rest before they drop the old table."""
    monkeypatch.setattr(state_machine, "GRACE", 0.0)
    chosen = settings.get_settings().model_copy(update={"domains": DOMAINS})
    made = ReadModels(database.name, database.url)
    with settings.using(chosen):
        made.create()
        made.connection.execute("ALTER TABLE query.things_v1 SET (fillfactor = 77)")
        made.project()
        yield made
        made.close()


Deploy = Callable[..., Projection]
KEPT = ("owner", "price", "shipped", "changes", "note")


def _columns(names: tuple[str, ...], kinds: dict[str, Any]) -> list[sa.Column[Any]]:
    usual = {column.name: column.type for column in thing_rows.c} | {"size": sa.Text}
    return [sa.Column(name, (usual | kinds)[name]) for name in names]


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Replaces the code of the things' projection by version 2, with the columns given."""

    def deploy(*names: str, **kinds: Any) -> Projection:
        key = sa.Column("thing_id", sa.Uuid, primary_key=True)
        columns = _columns(names, kinds)
        table = sa.Table("things", sa.MetaData(schema="query"), key, *columns)
        one = Projection(LIST, table, version=2, group=GROUP)

        def fold(row: Row | None, event: StoredEvent) -> Row:
            blank = dict.fromkeys(str(column.name) for column in table.c)
            row = row or blank | {"changes": 0, "shipped": False, "size": "small"}
            new = {"updated_at": event.recorded_at.isoformat(), **event.data}
            new["changes"] = (
                row["changes"] + 1 if event.type == ThingPriced.type else row["changes"]
            )
            new["shipped"] = event.type == ThingShipped.type
            return row | new

        one.on(ThingAdded, ThingPriced, ThingShipped)(fold)
        monkeypatch.setitem(subscriptions._items, LIST, one)
        return one

    return deploy


ALL = tuple(str(column.name) for column in thing_rows.c if not column.primary_key)


@pytest.fixture
def filled(things: ReadModels) -> ReadModels:
    """Some things, none of which has gone."""
    things.fill(1, 9)
    things.project()
    return things
