"""A small read side for the tests: a table of who depends on what, and refreshes that are real."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from worker.schema.catalogue.read_side import RegistryDependent, RegistryDependentKind
from worker.schema.statements.names import ObjectName


@dataclass
class SmallReadSide:
    """Keeps what was scheduled; `refresh_now` refreshes."""

    connect: Callable[[], psycopg.Connection[Any]]
    known: list[RegistryDependent] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    rebuilt: list[str] = field(default_factory=list)
    refreshed: list[str] = field(default_factory=list)
    purged: list[str] = field(default_factory=list)

    def hang(self, kind: RegistryDependentKind, name: str, *objects: str) -> None:
        """Let a projection, query, tag or schedule hang on objects."""
        self.known += [RegistryDependent(ObjectName.parse(each), kind, name) for each in objects]

    def dependents_of(self, objects: Collection[ObjectName]) -> Sequence[RegistryDependent]:
        return [each for each in self.known if each.object in objects]

    def outdated(self) -> Sequence[str]:
        return self.behind

    def rebuild(self, projections: Iterable[str]) -> None:
        self.rebuilt += projections

    def refresh(self, views: Iterable[ObjectName]) -> None:
        self.refreshed += map(str, views)

    def purge(self, tags: Iterable[str]) -> None:
        self.purged += tags

    def refresh_now(self, view: ObjectName) -> None:
        with self.connect() as connection:
            name = sql.Identifier(view.schema, view.name)
            connection.execute(sql.SQL("REFRESH MATERIALIZED VIEW {}").format(name))
