"""`cqrs status` shows what is under way in the schema, and what its process has left."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.conftest import Database
from worker.base.sql import statement
from worker.cli.status import render
from worker.ops import status
from worker.schema import Operation, begin_deployment, execute_changeset, track_change
from worker.schema.engine import engine_context
from worker.schema.history.journal import ChangesetJournal

Connection = psycopg.Connection[Any]


@pytest.fixture
def db(own_database: Database) -> Iterator[Connection]:
    """A connection to look at what happened."""
    with own_database.connect() as connection:
        yield connection


def shown() -> list[str]:
    """The sentences of the status."""
    found = status.gather(timeout=0.01)
    return [each for each in render(found, ()).renderables if isinstance(each, str)]


@pytest.mark.usefixtures("redis")
def test_a_deployment_and_changesets_under_way_are_shown_and_orphans_named(
    db: Connection, own_database: Database
) -> None:
    context = engine_context()
    begin_deployment(context, "Live")
    operation = Operation("CREATE TABLE command.t (id int)", "DROP TABLE command.t")
    waiting = track_change(context, [operation], [], "Table", "1.0.0", atomic=False)
    ChangesetJournal(db).claim(waiting.id, "elsewhere:1")
    with own_database.connect() as alive:
        alive.execute(statement("worker.schema.execute", "take_changeset_lock"))
        assert any(line.startswith("deployment Live: begun by") for line in shown())
        (line,) = (line for line in shown() if line.startswith("changeset "))
        assert "Table, version 1.0.0: being executed by elsewhere:1 since" in line
        assert "ended" not in line
    (line,) = (line for line in shown() if line.startswith("changeset "))
    assert "whose process has ended" in line
    assert execute_changeset(context, waiting.id).status == "completed"
    assert not any(line.startswith("changeset ") for line in shown())
    ChangesetJournal(db).claim_undo(waiting.id, "elsewhere:2")
    (line,) = (line for line in shown() if line.startswith("changeset "))
    assert "being rolled back by elsewhere:2" in line
