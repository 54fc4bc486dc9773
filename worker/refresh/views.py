"""Materialized views: what each reads by the catalogue and its trace, in the order of refreshes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from worker.base.db import Connection
from worker.base.errors import Permanent, did_you_mean
from worker.event_log.subscribers import keepers
from worker.refresh.traces import SQL, Trace, traces

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


Kept = Mapping[str, Collection[str]]
"""Which subscriptions keep which table, by its qualified name without a version."""


@dataclass(frozen=True, slots=True)
class MaterializedView:
    """A materialized view, `query.<name>`, and what it is computed from.

    By the catalogue: `told_tables` and `told_views`, qualified names; what lies behind plain views
    and parsed functions is among them, what lies behind another materialized view is not.
    `told_through` are these plain views. `text`: it calls functions whose text the catalogue does
    not take apart; what these read, only the `trace` of its last refresh knows. `told_unsteady` is
    why it may change although no table has. `key` says that a unique index allows CONCURRENTLY.
    """

    name: str
    id: int
    told_tables: frozenset[str]
    told_views: frozenset[str]
    told_through: frozenset[str]
    populated: bool
    key: bool
    text: bool
    told_unsteady: frozenset[str]
    trace: Trace | None
    kept: Kept

    @property
    def tables(self) -> frozenset[str]:
        """The tables that it reads, qualified."""
        return self.told_tables | (self.trace.of_kinds("rpf") if self.trace else frozenset())

    @property
    def views(self) -> frozenset[str]:
        """The materialized views that it reads, qualified."""
        return self.told_views | (self.trace.of_kinds("m") if self.trace else frozenset())

    @property
    def through(self) -> frozenset[str]:
        """The plain views that it reads through, qualified."""
        return self.told_through | (self.trace.of_kinds("v") if self.trace else frozenset())

    @property
    def concurrently(self) -> bool:
        """Whether it can be refreshed while it is read."""
        return self.populated and self.key

    @property
    def keepers(self) -> frozenset[str]:
        """The subscriptions that keep the tables which it reads itself."""
        return frozenset(n for table in self.tables for n in self.kept.get(_plain(table), ()))

    @property
    def reads_other_tables(self) -> bool:
        """Whether it reads a table that no subscription keeps."""
        return any(_plain(table) not in self.kept for table in self.tables)

    @property
    def is_untraced(self) -> bool:
        """Whether nobody knows what its functions read: then it depends on everything."""
        return self.text and not (self.trace and self.trace.complete)

    @property
    def unsteady(self) -> frozenset[str]:
        """Why it may have changed although nothing that is known to change has: functions, the
        clock, sequences, tables that are written without an event.

        The engine's own tables are such, also those that somebody keeps: sagas are pruned.
        """
        others = {t for t in self.tables if _plain(t) not in self.kept or t.startswith("cqrs.")}
        untold = {t for t in others if t != "cqrs.events" and not t.startswith("command.")}
        traced = self.trace.unsteady if self.trace else frozenset()
        return self.told_unsteady | traced | untold


class Views(dict[str, MaterializedView]):
    """Every materialized view by name, each after those that it reads."""

    def find(self, name: str) -> MaterializedView:
        """The view of a name, with or without its schema. Raises UnknownView."""
        found = self.get(name) or self.get(f"query.{name}")
        if found is None:
            raise UnknownView(name, list(self))
        return found

    def traced(self, traced: Mapping[int, Trace]) -> Views:
        """The same views, in the same order, with these traces."""
        return Views({v.name: replace(v, trace=traced.get(v.id)) for v in self.values()})

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
    """What the catalogue tells, and the traces of their last refreshes."""
    kept, traced = _kept(connection), traces(connection)
    rows = connection.execute(SQL["materialized_views"]).fetchall()
    found = {}
    for name, view_id, tables, views, through, populated, key, text, unsteady in rows:
        found[name] = MaterializedView(
            name,
            view_id,
            frozenset(tables),
            frozenset(views),
            frozenset(through),
            populated,
            key,
            text,
            frozenset(unsteady),
            traced.get(view_id),
            kept,
        )
    return Views({name: found[name] for name in _ordered(found) if name in found})


def view_names(connection: Connection) -> set[str]:
    """The qualified names of the materialized views of schema query; any database will do."""
    return {name for (name,) in connection.execute(SQL["view_names"])}


def _kept(connection: Connection) -> Kept:
    """Who keeps which table: as declared here, or else as the database has it of other domains."""
    others: dict[str, set[str]] = defaultdict(set)
    for subscription, table in connection.execute(SQL["read_tables"]):
        others[_plain(f"query.{table}")].add(subscription)
    return others | keepers()


def _ordered(found: Mapping[str, MaterializedView]) -> list[str]:
    """What others read comes first. Functions may read in a circle, the catalogue never does."""
    for views in ("views", "told_views"):
        with suppress(CycleError):
            order = TopologicalSorter({n: sorted(getattr(v, views)) for n, v in found.items()})
            return list(order.static_order())
    return sorted(found)  # never: a view is made after what it names


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
