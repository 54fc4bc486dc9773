"""What others have added to a read table and its views comes along, or the rebuild does not begin.

Policies and row-level security, grants to roles and of columns, triggers, rules, publications,
replica identity, comments, statistics targets, extended statistics, storage of columns, the owner:
none of it stands in a projection's declaration, and all of it hangs on the table that a rebuild
replaces, or on the views that it makes again. The catalogue tells it as the statements that add it
to the new one (belongings.sql). What the new one has already is left out, so that it may be asked
again and again: when its rows are in, what changes nothing that anybody does; with the swap, in
its transaction, all that is missing by then.

When a rebuild begins, everything is tried on the empty table and taken back: a policy that reads a
column which goes is named there, and nothing has happened. The same if it is only added later: the
swap does not take place.

Whoever made a grant is not kept, the owner gives it again. A constraint of one's own, a default, a
NOT NULL come with a table of the same version; those of another version are as declared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple, TypeAlias

import psycopg
import sqlalchemy as sa

from worker.base.db import Connection
from worker.base.sql import blocks, quoted
from worker.rebuild.errors import CannotCarryOver
from worker.rebuild.shadow import qualified
from worker.store.read_tables import index_name

SQL = blocks("worker.rebuild", "belongings.sql")

CALM = ("early", "calm")
"""What may be there before the swap."""
Renaming: TypeAlias = Callable[[str], str]


class Belonging(NamedTuple):
    """Something that was added: when it is due, what it is, which index it needs, of which column
    it is, and how it is added."""

    due: str
    what: str
    by_index: str | None
    column: str | None
    statement: str


Grant: TypeAlias = tuple[str, str, bool]
"""A role, a privilege, and whether it may be passed on."""


class Relation(NamedTuple):
    """A table or view, quoted, and its bare name."""

    where: str
    name: str


def of(
    connection: Connection, relation: Relation, target: Relation, rename: Renaming = str
) -> list[Belonging]:
    """What was added to a relation, as statements for a target; `rename` says what an index or a
    statistics object is called there."""
    what = {"relation": relation.where, "target": target.where}
    names = {"old": relation.name, "new": target.name}
    rows = connection.execute(SQL["belongings"], what | names).fetchall()
    found = []
    for due, label, index, column, statement in rows:
        own = quoted(rename(index)) if index else ""
        text = statement.replace("{index}", own)
        found.append(Belonging(due, label, index, column, text))
    return found


def grants(connection: Connection, relation: str) -> list[Grant]:
    """Who may do what with a relation."""
    return connection.execute(SQL["grants"], {"relation": relation}).fetchall()


def grant(connection: Connection, relation: str, wanted: Sequence[Grant]) -> None:
    """Let roles do this with a relation, no less and no more."""
    given = grants(connection, relation)
    if wanted == given:
        return
    for role in sorted({role for role, *_ in given}):
        connection.execute(f"REVOKE ALL ON {relation} FROM {role}")
    for one in wanted:
        connection.execute(_grant(relation, *one))


def add(connection: Connection, owner: str, belongings: Iterable[Belonging]) -> None:
    """Add what was found at `owner`. Raises CannotCarryOver."""
    for one in belongings:
        try:
            connection.execute(one.statement)
        except (psycopg.ProgrammingError, psycopg.DataError, psycopg.IntegrityError) as error:
            reason = error.diag.message_primary or str(error)
            raise CannotCarryOver(owner, [one.what], reason) from None


def _grant(target: str, role: str, privilege: str, passed_on: bool) -> str:
    more = " WITH GRANT OPTION" if passed_on else ""
    return f"GRANT {privilege} ON {target} TO {role}{more}"


# ------------------------------------------------------------------------------- read tables
def carry_over(
    connection: Connection,
    table: sa.Table,
    live: str,
    shadow: str,
    dues: Collection[str] | None = None,
    *,
    indexed: bool = True,
) -> None:
    """Give a new table what the live one has and it lacks; of `dues` only, if they are named.

    Raises CannotCarryOver. Not `indexed`: what needs an index is left out.
    """
    relation, target = (Relation(qualified(table, name), name) for name in (live, shadow))

    def renamed(index: str) -> str:
        return index_name(table, shadow, index.removeprefix(f"{live}_"))

    there = {one.statement for one in of(connection, target, target)}
    columns = {str(column.name) for column in table.c}
    missing = [
        one
        for one in of(connection, relation, target, renamed)
        if one.statement not in there
        and (dues is None or one.due in dues)
        and (indexed or one.by_index is None or one.what.startswith("statistics "))
        and (one.column is None or one.column in columns)
    ]
    if dues is None:
        grant(connection, target.where, grants(connection, relation.where))
    add(connection, relation.where, missing)


def try_to_carry_over(connection: Connection, table: sa.Table, live: str, shadow: str) -> None:
    """Raise CannotCarryOver if a table that is new and empty cannot have what the live one has."""
    where = qualified(table, live)
    beyond = [
        name for (name,) in connection.execute(SQL["beyond_us"], {"relation": where}).fetchall()
    ]
    if beyond:
        raise CannotCarryOver(where, beyond, "no other table can be given it")
    with connection.transaction(force_rollback=True):
        carry_over(connection, table, live, shadow, indexed=False)
    carry_over(connection, table, live, shadow, ["early"], indexed=False)
