"""A deferred constraint may be broken between operations; at the end the guilty one is named."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from worker.schema import Context, load, track_change
from worker.schema.errors import ChangeFailed

Connection = psycopg.Connection[Any]
PARENT = "INSERT INTO command.parents VALUES ({})"
CHILD = "INSERT INTO command.children VALUES ({})"


@pytest.fixture(autouse=True)
def family(db: Connection) -> None:
    """Children whose parents may come later, within a transaction."""
    db.execute(
        """CREATE TABLE command.parents (id int PRIMARY KEY);
        CREATE TABLE command.children
            (parent int REFERENCES command.parents DEFERRABLE INITIALLY DEFERRED)"""
    )


def test_what_is_broken_between_two_operations_and_whole_at_the_end_is_completed(
    context: Context,
) -> None:
    done = track_change(context, [CHILD.format(1), PARENT.format(1)], [], "Family", "1.0.0")
    assert done.status == "completed"


@pytest.mark.parametrize(
    ("operations", "guilty"),
    [
        ([CHILD.format(1)], 1),
        ([PARENT.format(1), CHILD.format(2), PARENT.format(3)], 2),
        ([CHILD.format(1), PARENT.format(1), CHILD.format(2), "SELECT 1"], 3),
        ([PARENT.format(1), CHILD.format(1), "DELETE FROM command.parents"], 3),
        ([CHILD.format(1), CHILD.format(2), PARENT.format(2)], 1),
        (["CREATE TABLE command.t (id int)", CHILD.format(1), "DROP TABLE command.t"], 2),
        (["DO 'BEGIN INSERT INTO command.children VALUES (1); END'", PARENT.format(3)], 1),
    ],
)
def test_the_operation_that_broke_a_deferred_constraint_is_named(
    context: Context, db: Connection, operations: list[str], guilty: int
) -> None:
    with pytest.raises(ChangeFailed, match=f"operation {guilty} failed: .* foreign key") as failure:
        track_change(context, operations, [], "Orphans", "1.0.0")
    failed = load(db, failure.value.changeset_id).failed_operation
    assert failed is not None
    assert (failed.number, failed.sqlstate) == (guilty, "23503")
    assert failed.error is not None
    assert failed.error.endswith("(a deferred constraint, checked at the end)")
    assert db.execute("SELECT count(*) FROM command.children").fetchone() == (0,)
