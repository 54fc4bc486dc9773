"""What a statement does to the database, as far as its own words tell: what planning works with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from worker.schema.statements.names import ObjectName


class LockMode(IntEnum):
    """PostgreSQL's table locks, weakest first."""

    ACCESS_SHARE = 1
    ROW_SHARE = 2
    ROW_EXCLUSIVE = 3
    SHARE_UPDATE_EXCLUSIVE = 4
    SHARE = 5
    SHARE_ROW_EXCLUSIVE = 6
    EXCLUSIVE = 7
    ACCESS_EXCLUSIVE = 8

    def __str__(self) -> str:
        return self.name.replace("_", " ")

    @property
    def stops_writers(self) -> bool:
        """Whether an INSERT or UPDATE has to wait for it."""
        return self >= LockMode.SHARE

    @property
    def stops_readers(self) -> bool:
        """Whether even a SELECT has to wait for it."""
        return self is LockMode.ACCESS_EXCLUSIVE


class ColumnEffect(StrEnum):
    """What happens to a column, as far as those who use it are concerned."""

    DROP = "drop"
    RETYPE = "retype"
    RENAME = "rename"


class NonTransactional(StrEnum):
    """Statements that cannot run in a transaction: each is a step, in a changeset of its own."""

    CREATE_INDEX = "CREATE INDEX CONCURRENTLY"
    DROP_INDEX = "DROP INDEX CONCURRENTLY"
    REINDEX = "REINDEX CONCURRENTLY"
    DETACH_PARTITION = "DETACH PARTITION CONCURRENTLY"
    VACUUM = "VACUUM"


@dataclass(frozen=True, slots=True)
class Target:
    """An object and its kind: "table", "view", "materialized view", "index", "function", …

    `types` are the argument types of a function, as they were written: they say which overload is
    meant. None: none were written, or it is no function.
    """

    kind: str
    name: ObjectName
    types: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that a statement takes on a relation and holds until the transaction ends.

    With `with_children`, partitions and child tables are locked alike. For an index, `table_mode`
    is what its table gets.
    """

    name: ObjectName
    mode: LockMode
    with_children: bool = True
    table_mode: LockMode | None = None

    def __str__(self) -> str:
        return f"{self.mode} on {self.name}"


class Relationship(StrEnum):
    """Relations that are locked along with an object; the catalogue says which they are."""

    REFERENCED = "what the foreign keys of a table, or of one column of it, point at"
    OWN_REFERENCED = "the same, but for keys that a partition has from its parent"
    REFERENCING = "tables whose foreign keys point at a table, or at one column of it"
    CONSTRAINT = "the other end of a foreign key; or of those that rest on a primary key or unique"
    SEQUENCES = "the sequences that a table, or one column of it, owns"
    IDENTITY = "the sequence of an identity column"
    STATISTICS = "the table of extended statistics"
    DEFAULT_PARTITION = "the default partition of a table"
    PARENT = "the table that a partition belongs to, and its default partition"
    SISTERS = "all partitions of a table, where a foreign key points at the whole of it"
    TYPED = "tables of a composite type"
    OF_DOMAIN = "tables and materialized views with a column of a domain"
    VIEWED = "what a view is made of, down to the tables"


@dataclass(frozen=True, slots=True)
class RelatedLock:
    """What is related to an object, locked alike; `part` is a column or constraint of it."""

    relationship: Relationship
    name: ObjectName
    mode: LockMode
    part: str | None = None


class RowVerb(StrEnum):
    """What is done to rows that foreign keys may pass on."""

    DELETE = "delete"
    UPDATE = "update"
    TRUNCATE = "truncate"


@dataclass(frozen=True, slots=True)
class RowEffect:
    """Rows of a table are deleted, updated (in these columns), or all of them truncated."""

    verb: RowVerb
    table: ObjectName
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """A change to a column that whoever uses it notices. `of_type`: an attribute of a type."""

    table: ObjectName
    column: str
    effect: ColumnEffect
    of_type: bool = False

    def __str__(self) -> str:
        what = "attribute" if self.of_type else "column"
        return f"{self.effect.value}s {what} {self.column} of {self.table}"


@dataclass(frozen=True, slots=True)
class Effects:
    """What one statement creates, alters, drops, writes and reads, and which locks it takes.

    `touches` are objects that change in nothing that a reader sees: an index, a comment, a
    constraint. `contents` are those that show other rows afterwards without being written: a view
    that was replaced, a table that got a partition. `reaches` are objects that a function, rule or
    trigger which it makes or calls works on: not now, or not for certain, but never across the
    border of its side. `renames` are names that lead nowhere afterwards, `becomes` the new ones.
    `enum_values` are added to enums. `row_effects` are those among the writes that foreign keys may
    pass on to other tables. `unpopulated` are materialized views that are left without data.
    `locks` are on what is named, `related_locks` those that the catalogue has to find. `opaque`
    says why more may happen than the words tell; `step` marks a statement that cannot run in a
    transaction; `refused` says why a changeset may not contain it at all.
    """

    statement: str
    creates: tuple[Target, ...] = ()
    alters: tuple[Target, ...] = ()
    drops: tuple[Target, ...] = ()
    writes: tuple[Target, ...] = ()
    touches: tuple[Target, ...] = ()
    reads: tuple[Target, ...] = ()
    refreshes: tuple[Target, ...] = ()
    contents: tuple[Target, ...] = ()
    reaches: tuple[Target, ...] = ()
    renames: tuple[Target, ...] = ()
    becomes: tuple[Target, ...] = ()
    columns: tuple[ColumnChange, ...] = ()
    enum_values: tuple[tuple[Target, str], ...] = ()
    row_effects: tuple[RowEffect, ...] = ()
    locks: tuple[Lock, ...] = ()
    related_locks: tuple[RelatedLock, ...] = ()
    unpopulated: tuple[ObjectName, ...] = ()
    cascade: bool = False
    opaque: str | None = None
    step: NonTransactional | None = None
    refused: str | None = None

    @property
    def changes(self) -> tuple[Target, ...]:
        """Every object that is no longer quite what it was, or new."""
        return (
            *self.creates,
            *self.alters,
            *self.becomes,
            *self.drops,
            *self.writes,
            *self.refreshes,
            *self.touches,
        )

    @property
    def observable(self) -> tuple[Target, ...]:
        """Objects that whoever depends on them may find changed."""
        return tuple(
            dict.fromkeys(
                (
                    *self.creates,
                    *self.alters,
                    *self.becomes,
                    *self.drops,
                    *self.writes,
                    *self.refreshes,
                    *self.contents,
                )
            )
        )

    def also_writing(self, tables: Iterable[Target]) -> Effects:
        """The same, and these written to as well."""
        return replace(self, writes=tuple(dict.fromkeys((*self.writes, *tables))))

    @property
    def main(self) -> Target | None:
        """The object that the statement is about, for the history."""
        return next(iter((*self.changes, *self.reads)), None)
