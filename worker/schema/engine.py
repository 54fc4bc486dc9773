"""The read side as schema changes see it: the registry behind the port, and the engine's tasks.

A projection depends on its own read table and on the view before it, not on the write tables that
its commands change: it folds events, and an altered write table does not concern it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import psycopg

from worker import cache, event_log, refresh
from worker.base import db
from worker.base.actor import current_actor, operator
from worker.base.app import app
from worker.base.registry import load_domains
from worker.base.settings import section
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
    """What depends on database objects by the registry, and how it is brought up to date."""

    def dependents_of(self, objects: Collection[ObjectName]) -> Sequence[RegistryDependent]:
        """Projections, queries, and refresh schedules that depend on these objects."""
        load_domains()
        wanted = set(objects)
        return sorted(
            dependent for dependent in _registry_dependents() if dependent.object in wanted
        )

    def outdated(self) -> Sequence[str]:
        """Projections whose live table was made for an older version than this code's."""
        load_domains()
        live_versions = {name: version for name, _, version in _live_tables()}
        return sorted(
            projection.name
            for projection in _projections()
            if (live_versions.get(projection.name) or projection.version) < projection.version
        )

    def rebuild(self, projections: Sequence[str]) -> None:
        """Send one rebuild per projection, for workers of this code's version or a later one."""
        for name in projections:
            fields = {"version": declared_version(name)}
            app.send_task("cqrs.maintenance.rebuild", args=(name,), kwargs=fields)

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


def _projections() -> Iterator[Projection]:
    return (each for each in subscriptions if isinstance(each, Projection))


def _registry_dependents() -> Iterator[RegistryDependent]:
    live = {name: table for name, table, _ in _live_tables()}
    for projection in _projections():
        live_table = live.get(projection.name) or projection.first_table
        for table in (str(projection.table.name), live_table):
            name = _in_query(projection, table)
            yield RegistryDependent(name, RegistryDependentKind.PROJECTION, projection.name)
    for query in queries:
        for source in _sources(query.sources):
            yield RegistryDependent(source, RegistryDependentKind.QUERY, query.name)
            yield RegistryDependent(
                source, RegistryDependentKind.CACHE_TAG, cache.query_tag(query.name)
            )
    for rule in rules:
        for view in {*rule.refresh, *rule.every}:
            yield RegistryDependent(
                _object_name(view), RegistryDependentKind.REFRESH_SCHEDULE, rule.name
            )


def _live_tables() -> list[tuple[str, str | None, int | None]]:
    """Subscriptions, with the table behind each one's view and the version that it was made for."""
    with db.writer() as connection:
        return connection.execute(_SQL["live_tables"]).fetchall()


def _sources(sources: Sources) -> Iterator[ObjectName]:
    for name in sources.reads:
        projection = subscriptions.get(name)
        if isinstance(projection, Projection):
            yield _in_query(projection, str(projection.table.name))
    yield from map(_object_name, sources.views)


def _in_query(projection: Projection, table: str) -> ObjectName:
    return ObjectName(projection.table.schema or "query", table)


def _object_name(view: str) -> ObjectName:
    return ObjectName.parse(view if "." in view else f"query.{view}")


def _connect() -> psycopg.Connection[tuple[object, ...]]:
    return db.connect("schema")


def engine_context(*, within: float | None = None) -> Context:
    """The context in which this application's schema changes run, as whoever runs them.

    `within`: seconds that whoever asks has for a changeset; None: as many as the settings say.
    """
    actor = current_actor().name
    by = operator() if actor == "system" else actor
    limits = section("schema", Limits)
    limits = limits if within is None else limits.within(within)
    return Context(_connect, EngineReadSide(), limits, actor=by)
