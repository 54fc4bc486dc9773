"""Materialized views, from the catalogue: what each reads, in the order of their refreshes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter

from worker.base.db import Connection
from worker.base.errors import Permanent, did_you_mean
from worker.base.sql import blocks
from worker.event_log.subscribers import keepers

SQL = blocks("worker.refresh")
_VERSION = re.compile(r"_v\d+$")


class NoUniqueIndex(Permanent):
    """A view cannot be refreshed CONCURRENTLY."""

    def __init__(self, view: str) -> None:
        super().__init__(
            "the view has no unique index over plain columns, so nobody could read it while it is"
            f" refreshed: create one, or do not ask for CONCURRENTLY (view {view})"
        )
        self.view = view


class UnknownView(Permanent):
    """No materialized view of schema `query` has this name; `why` says what has it instead."""

    def __init__(self, name: str, known: Collection[str] = (), why: str = "") -> None:
        hint = did_you_mean(name, known)
        super().__init__(f"{why or f'no materialized view has this name{hint}'} (view {name})")
        self.name, self.known, self.why = name, list(known), why


class UnknownRelation(Permanent):
    """No table or view has this name, or more than one has it in different schemas."""

    def __init__(self, name: str, known: Collection[str], several: Collection[str] = ()) -> None:
        hint = did_you_mean(name, known)
        sentence = f"say which: {', '.join(several)}" if several else f"no such table{hint}"
        super().__init__(f"{sentence} (table {name})")
        self.name, self.known, self.several = name, list(known), list(several)


@dataclass(frozen=True, slots=True)
class MaterializedView:
    """A materialized view: `query.<name>`, and the tables and views that it is computed from.

    `tables` and `views` are qualified names; what lies behind plain views is among them, what lies
    behind another materialized view is not. `through` are these plain views. `key` says that a
    unique index allows CONCURRENTLY.
    """

    name: str
    tables: frozenset[str]
    views: frozenset[str]
    through: frozenset[str]
    populated: bool
    key: bool

    @property
    def concurrently(self) -> bool:
        """Whether it can be refreshed while it is read."""
        return self.populated and self.key

    @property
    def keepers(self) -> frozenset[str]:
        """The subscriptions that keep the tables which it reads itself."""
        kept = keepers()
        return frozenset(name for table in self.tables for name in kept.get(_plain(table), ()))

    @property
    def reads_other_tables(self) -> bool:
        """Whether it reads a table that no subscription keeps."""
        kept = keepers()
        return any(_plain(table) not in kept for table in self.tables)

    @property
    def reads_untold_tables(self) -> bool:
        """Whether it reads a table that may change without an event.

        The engine's own are such tables, also those that somebody keeps: sagas are pruned.
        """
        kept = keepers()
        others = {t for t in self.tables if _plain(t) not in kept or t.startswith("cqrs.")}
        return any(t != "cqrs.events" and not t.startswith("command.") for t in others)


class Views(dict[str, MaterializedView]):
    """Every materialized view by name, each after those that it reads."""

    def find(self, name: str) -> MaterializedView:
        """The view of a name, with or without its schema. Raises UnknownView."""
        found = self.get(name) or self.get(f"query.{name}")
        if found is None:
            raise UnknownView(name, list(self))
        return found

    def below(self, view: MaterializedView) -> list[MaterializedView]:
        """The materialized views that one is computed from, at any depth, lowest first."""
        wanted = set(view.views)
        for other in reversed(list(self.values())):
            if other.name in wanted:
                wanted |= other.views
        return [other for other in self.values() if other.name in wanted]

    def over(self, relations: Iterable[str]) -> list[MaterializedView]:
        """The materialized views computed from tables or views, at any depth, lowest first.

        Relations are qualified names; a read table is named by its plain view or with its version.
        """
        names = set(relations)
        plain = {_plain(name) for name in names}
        found: dict[str, MaterializedView] = {}
        for view in self.values():
            tables = {_plain(table) for table in view.tables}
            higher = view.views & (names | found.keys()) or view.through & names
            if higher or tables & plain:
                found[view.name] = view
        return list(found.values())


def materialized_views(connection: Connection) -> Views:
    """Read the catalogue."""
    rows = connection.execute(SQL["materialized_views"]).fetchall()
    found = {
        name: MaterializedView(
            name, frozenset(tables), frozenset(views), frozenset(through), populated, key
        )
        for name, tables, views, through, populated, key in rows
    }
    order = TopologicalSorter({view.name: sorted(view.views) for view in found.values()})
    return Views({name: found[name] for name in order.static_order() if name in found})


def view_named(connection: Connection, known: Views, name: str) -> MaterializedView:
    """The view of a name, with or without its schema. Raises UnknownView, which says what else, or
    in which other schema, has the name."""
    try:
        return known.find(name)
    except UnknownView as unknown:
        found = connection.execute(SQL["relations_named"], {"name": name}).fetchone()
        raise (UnknownView(name, unknown.known, _why_not(*found)) if found else unknown) from None


def _why_not(relation: str, kind: str) -> str:
    if kind != "materialized view":
        return f"{relation} is a {kind}: only materialized views are refreshed"
    return (
        f"{relation} is not in schema query, and only what is there is refreshed here:"
        f" move it (ALTER MATERIALIZED VIEW {relation} SET SCHEMA query), or refresh it yourself"
        f" (REFRESH MATERIALIZED VIEW {relation})"
    )


def relation_named(connection: Connection, name: str) -> str:
    """The qualified name of a table or view, given with or without its schema.

    Raises UnknownRelation.
    """
    rows = connection.execute(SQL["relations"])
    known = [str(relation) for (relation,) in rows]
    found = [one for one in known if name in (one, one.split(".", 1)[1])]
    if len(found) != 1:
        raise UnknownRelation(name, known, found)
    return found[0]


def _plain(table: str) -> str:
    """A read table's name without its version: that of the view over it."""
    return _VERSION.sub("", table)
