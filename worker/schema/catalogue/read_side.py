"""The port to the read side: what the planner asks of it, and what is dispatched to it afterwards.

The catalogue knows views; which projections, queries, cache tags and refresh schedules depend on an
object is known to the engine's registry alone. This is the port between the two.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from worker.schema.statements.names import ObjectName


class RegistryDependentKind(StrEnum):
    """What can depend on a database object without the catalogue knowing it."""

    PROJECTION = "projection"
    QUERY = "query"
    CACHE_TAG = "cache tag"
    REFRESH_SCHEDULE = "refresh schedule"


@dataclass(frozen=True, order=True, slots=True)
class RegistryDependent:
    """`name` (of a projection, query, tag or schedule) depends on `object`."""

    object: ObjectName
    kind: RegistryDependentKind
    name: str

    def __str__(self) -> str:
        return f"{self.kind.value} {self.name}"


class ReadSide(Protocol):
    """The engine's registry and its schedulers, as schema changes need them.

    A projection depends on its own table and on the view before it, a query on what it reads, a tag
    on the objects whose change makes its answers stale, a schedule on the view that it refreshes.

    `rebuild`, `refresh` and `purge` schedule and return; each must be idempotent: a crash between
    the call and its record calls it again. `refresh_now` returns when
    the view is fresh.
    """

    def dependents_of(self, objects: Collection[ObjectName]) -> Sequence[RegistryDependent]:
        """What depends directly on these objects, by the registry."""
        ...

    def outdated(self) -> Sequence[str]:
        """Projections whose code declares a newer version than their live table has, by name."""
        ...

    def rebuild(self, projections: Sequence[str]) -> None:
        """Schedule a rebuild of each projection, by name, to the version that its code declares."""
        ...

    def refresh(self, views: Sequence[ObjectName]) -> None:
        """Schedule a refresh of materialized views, given in dependency order."""
        ...

    def purge(self, tags: Sequence[str]) -> None:
        """Invalidate the cached answers that depend on these tags."""
        ...

    def refresh_now(self, view: ObjectName) -> None:
        """Refresh one materialized view. Raises what PostgreSQL raises."""
        ...
