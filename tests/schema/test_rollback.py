"""A completed changeset is taken back by the undos that it carries, in reverse, as one."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.schema.registry import SmallReadSide
from worker.schema import (
    Context,
    Operation,
    RegistryDependentKind,
    load,
    rollback_changeset,
    track_change,
)
from worker.schema.errors import ChangeFailed, MissingUndo, NewerChangesetCompleted, WrongStatus

Connection = psycopg.Connection[Any]
ORDERS = Operation("CREATE TABLE command.orders (id int)", "DROP TABLE command.orders")
VIEW = Operation(
    "CREATE VIEW query.orders AS SELECT id FROM command.orders", "DROP VIEW query.orders"
)


def test_undos_run_in_reverse_in_one_transaction(context: Context, db: Connection) -> None:
    db.execute(
        "CREATE TABLE public.log (n serial, what text, xid xid8 DEFAULT pg_current_xact_id())"
    )
    note = "INSERT INTO public.log (what) VALUES ('{}')"
    operations = [
        Operation(note.format(f"do {name}"), note.format(f"undo {name}"))
        for name in ("a", "b", "c")
    ]
    done = track_change(context, operations[:2], operations[2:], "Three", "1.0.0")
    assert rollback_changeset(context, done.id).status == "rolled_back"
    rows = db.execute("SELECT what, xid FROM public.log ORDER BY n").fetchall()
    assert [what for what, _ in rows[3:]] == ["undo c", "undo b", "undo a"]
    assert len({xid for _, xid in rows[3:]}) == 1


def test_a_table_goes_although_a_view_of_the_same_changeset_used_it(
    context: Context, db: Connection
) -> None:
    done = track_change(context, [ORDERS], [VIEW], "Orders", "1.0.0")
    assert rollback_changeset(context, done.id).status == "rolled_back"
    assert db.execute("SELECT to_regclass('command.orders')").fetchone() == (None,)


def test_without_undos_it_says_which_are_missing_and_what_they_might_be(context: Context) -> None:
    done = track_change(
        context,
        [ORDERS, "CREATE TABLE command.lines (id int)", "INSERT INTO command.lines VALUES (1)"],
        [],
        "Orders",
        "1.0.0",
    )
    with pytest.raises(MissingUndo) as refusal:
        rollback_changeset(context, done.id)
    assert refusal.value.missing == (
        "2 (CREATE TABLE command.lines), perhaps: DROP TABLE command.lines",
        "3 (INSERT command.lines)",
    )


def test_an_undo_that_fails_leaves_the_changeset_standing_and_says_why(
    context: Context, db: Connection
) -> None:
    done = track_change(context, [ORDERS], [], "Orders", "1.0.0")
    db.execute("CREATE VIEW query.mine AS SELECT * FROM command.orders")
    with pytest.raises(ChangeFailed, match=r"undo of operation 1 failed.*view query\.mine"):
        rollback_changeset(context, done.id)
    stands = load(db, done.id)
    assert stands.status == "completed"
    assert stands.error is not None
    assert "query.mine" in stands.error


def test_changesets_are_taken_back_newest_first_unless_forced(context: Context) -> None:
    first = track_change(context, [ORDERS], [], "First", "1.0.0")
    second = track_change(
        context,
        [Operation("CREATE TABLE command.b (id int)", "DROP TABLE command.b")],
        [],
        "Second",
        "1.1.0",
    )
    with pytest.raises(
        NewerChangesetCompleted, match=f"roll that back first: {second.id}, 'Second'"
    ):
        rollback_changeset(context, first.id)
    assert rollback_changeset(context, first.id, force=True).status == "rolled_back"
    assert rollback_changeset(context, second.id).status == "rolled_back"


def test_only_what_is_completed_can_be_taken_back_and_only_once(context: Context) -> None:
    waiting = track_change(context, [ORDERS], [], "Orders", "1.0.0", atomic=False)
    with pytest.raises(WrongStatus, match="only a completed change"):
        rollback_changeset(context, waiting.id)
    done = track_change(context, [ORDERS], [], "Orders", "1.0.0")
    rollback_changeset(context, done.id)
    with pytest.raises(WrongStatus, match="status rolled_back"):
        rollback_changeset(context, done.id)


def test_the_version_of_what_was_taken_back_is_free_again(context: Context) -> None:
    done = track_change(context, [ORDERS], [], "Orders", "1.0.0")
    rollback_changeset(context, done.id)
    assert track_change(context, [ORDERS], [], "Orders again", "1.0.0").status == "completed"


def test_the_read_side_follows_a_rollback_too(
    context: Context, db: Connection, read_side: SmallReadSide
) -> None:
    db.execute("CREATE TABLE query.list (id int)")
    wider = Operation(
        "ALTER TABLE query.list ADD COLUMN n int", "ALTER TABLE query.list DROP COLUMN n"
    )
    read_side.hang(RegistryDependentKind.PROJECTION, "list", "query.list")
    done = track_change(context, [], [wider], "Wider", "1.0.0")
    rollback_changeset(context, done.id)
    assert read_side.rebuilt == ["list", "list"]
