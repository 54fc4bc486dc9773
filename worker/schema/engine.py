"""The read side as schema changes see it: the registry behind the port, and the engine's tasks.

A projection hangs on its own read table and on the view before it, not on the write tables that its
commands change: it folds events, and an altered write table does not concern it.
"""

from __future__ import annotations

import getpass
from collections.abc import Collection, Iterator, Sequence

import psycopg

from worker import cache, event_log, refresh
from worker.base import db
from worker.base.actor import current_actor
from worker.base.app import app
from worker.base.registry import load_domains
from worker.base.settings import get_settings, section
from worker.base.sql import blocks
from worker.event_log.sources import Sources, queries
from worker.event_log.subscribers import subscriptions
from worker.rebuild.tasks import declared_version
from worker.refresh.invalidation_rules import rules
from worker.schema.catalogue.context import Context, Limits
from worker.schema.catalogue.read_side import RegistryDependent, RegistryDependentKind
from worker.schema.statements.names import ObjectName
from worker.subscriptions.projection import Projection

_SQL = blocks("worker.schema")


class EngineReadSide:
    """What hangs on database objects by the registry, and how it is brought up to date."""

    def dependents_of(self, objects: Collection[ObjectName]) -> Sequence[RegistryDependent]:
        """Projections, queries, and refresh schedules that hang on these objects."""
        load_domains()
        wanted = set(objects)
        return sorted(one for one in _everything() if one.object in wanted)

    def outdated(self) -> Sequence[str]:
        """Projections whose live table was made for an older version than this code's."""
        load_domains()
        shapes = {name: shape for name, _, shape in _live_tables()}
        return sorted(
            one.name
            for one in subscriptions
            if isinstance(one, Projection) and (shapes.get(one.name) or one.version) < one.version
        )

    def rebuild(self, projections: Sequence[str]) -> None:
        """Send one rebuild per projection, for workers of this code's version or a later one."""
        for name in projections:
            known = {"version": declared_version(name)}
            app.send_task("cqrs.maintenance.rebuild", args=(name,), kwargs=known)

    def refresh(self, views: Sequence[ObjectName]) -> None:
        """Send one task that refreshes these views in this order."""
        app.send_task("cqrs.refresh", args=([_name(view) for view in views],))

    def purge(self, tags: Sequence[str]) -> None:
        """Invalidate cached answers, as of everything that is in the log now."""
        with db.writer() as connection:
            cache.invalidate(tags, event_log.horizon(connection))

    def refresh_now(self, view: ObjectName) -> None:
        """Refresh one view and wait for it."""
        refresh.all_done(refresh.refresh([_name(view)]))


def _name(view: ObjectName) -> str:
    return f"{view.schema}.{view.name}"


def _everything() -> Iterator[RegistryDependent]:
    live = {name: table for name, table, _ in _live_tables()}
    for one in subscriptions:
        if isinstance(one, Projection):
            for table in (str(one.table.name), live.get(one.name) or one.first_table):
                yield RegistryDependent(
                    _in_query(one, table), RegistryDependentKind.PROJECTION, one.name
                )
    for query in queries:
        for source in _sources(query.sources):
            yield RegistryDependent(source, RegistryDependentKind.QUERY, query.name)
            yield RegistryDependent(
                source, RegistryDependentKind.CACHE_TAG, cache.query_tag(query.name)
            )
    for rule in rules:
        for view in rule.refresh:
            yield RegistryDependent(
                _parsed(view), RegistryDependentKind.REFRESH_SCHEDULE, rule.name
            )


def _live_tables() -> list[tuple[str, str | None, int | None]]:
    """Subscriptions, with the table behind each one's view and the version that it was made for."""
    with db.writer() as connection:
        return connection.execute(_SQL["live_tables"]).fetchall()


def _sources(sources: Sources) -> Iterator[ObjectName]:
    for name in sources.reads:
        one = subscriptions.get(name)
        if isinstance(one, Projection):
            yield _in_query(one, str(one.table.name))
    yield from map(_parsed, sources.views)


def _in_query(one: Projection, table: str) -> ObjectName:
    return ObjectName(one.table.schema or "query", table)


def _parsed(view: str) -> ObjectName:
    return ObjectName.parse(view if "." in view else f"query.{view}")


def _connect() -> psycopg.Connection[tuple[object, ...]]:
    url = db.psycopg_url(get_settings().servers.database)
    return psycopg.connect(url, autocommit=True, application_name="cqrs schema")


def engine_context(*, within: float | None = None) -> Context:
    """The context in which this application's schema changes run, as whoever runs them.

    `within`: seconds that whoever asks has for a changeset; None: as many as the settings say.
    """
    actor = current_actor().name
    by = getpass.getuser() if actor == "system" else actor
    limits = section("schema", Limits)
    limits = limits if within is None else limits.within(within)
    return Context(_connect, EngineReadSide(), limits, actor=by)
