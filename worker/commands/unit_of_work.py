"""One transaction, two round trips: everything a batch needs goes out in one pipeline, everything
it changes comes back in another.

    begin    BEGIN · receipts of these commands · rows, one ordered statement a table · numbers
    settle   attribution · rows, one statement a table and kind · receipts and events · COMMIT
             · snapshots, if any are due: what fails after the commit undoes nothing

Appending events is the last thing before COMMIT, because from the first position that is drawn
until the commit the log's horizon waits for this transaction. If anything fails, nothing is there:
the caller sees the database's error and the connection is given back rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.logs import get_logger
from worker.base.pipeline import Parameters, Pipeline, Reply, round_trip
from worker.commands import SQL
from worker.commands.change_set import ChangeSet, check_declared
from worker.commands.load_plan import Load, LoadPlan
from worker.commands.receipts import Known, Settled, known_receipt
from worker.commands.state import Emitted, State, Work
from worker.contracts import Receipt, Status

log = get_logger(__name__)


class UnitOfWork:
    """A batch's transaction on one connection, from the first read to the commit."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.state = State(datetime.now(UTC))
        self.changes = ChangeSet()
        self.new_keys: dict[str, bytes] = {}
        """Of subjects that had none, as far as their commands have succeeded."""
        self.forgotten: set[str] = set()
        self.event_types: set[str] = set()
        """Of the events that were appended."""

    def begin(
        self, ids: Sequence[UUID], needs: Iterable[Load], *, hold_streams: bool = False
    ) -> dict[UUID, Known]:
        """Open the transaction, load the state, and return the receipts that are there already.

        `hold_streams` takes the folded streams before it reads them: for who lost a race for one.
        """
        plan = LoadPlan(needs)
        _, receipts, *loaded = round_trip(
            self.connection,
            [
                ("BEGIN", ()),
                (SQL["known_by_id"], {"ids": list(ids)}),
                *plan.statements(hold_streams=hold_streams),
            ],
        )
        plan.load_into(self.state, loaded)
        self._replay(plan)
        return {row["command_id"]: known_receipt(row) for row in receipts.dicts()}

    def _replay(self, plan: LoadPlan) -> None:
        """Fold anew what has a snapshot that cannot be read."""
        aggregates = self.state.aggregates
        if aggregates and aggregates.unreadable:
            (folded,) = round_trip(self.connection, [plan.replay(aggregates.unreadable)])
            self.state.load_aggregates(plan.folds.values(), folded.rows())

    def take(self, work: Work) -> None:
        """Add what one command wants done, and let those after it see it: all of it, or nothing."""
        check_declared(work.changes, self.state)  # before anything of it is seen
        if work.events and self.state.aggregates is not None:
            self.state.aggregates.take(work.events)
        if work.changes:
            self.changes.take(work, self.state)
        self.forgotten.update(work.forgotten)

    def settle(self, settled: Sequence[Settled], *, dequeue: Sequence[UUID] = ()) -> list[Receipt]:
        """Write the changes, the receipts and the events, and commit; returns the receipts.

        Raises psycopg.Error, with nothing done: `CQ002` means that one of the commands was settled
        by another worker since `begin`.
        """
        aggregates = self.state.aggregates
        events = [
            _event_row(
                command, emitted, aggregates.expected(emitted.stream) if aggregates else None
            )
            for command in settled
            for emitted in command.to_append()
        ]
        rows = {
            "receipts": to_json([command.to_row() for command in settled]),
            "events": to_json(events),
        }
        statements: list[tuple[str, Parameters]] = self.changes.statements()
        if self.new_keys:
            keys = {subject: key.hex() for subject, key in self.new_keys.items()}
            statements.append((SQL["keep_subject_keys"], {"keys": to_json(keys)}))
        if self.forgotten:
            subjects = sorted(self.forgotten)
            statements.append((SQL["forget_subjects"], {"subjects": subjects}))
        if dequeue:
            statements.append((SQL["dequeue"], {"ids": list(dequeue)}))
        if dead := [command.to_dead_row() for command in settled if command.status is Status.DEAD]:
            statements.append((SQL["keep_dead_commands"], {"commands": to_json(dead)}))
        statements.append((SQL["settle"], rows))
        written = self._commit(statements, self._afterwards())
        self.event_types = {event["type"] for event in events}
        places = {command_id: (position, at) for command_id, position, at in written}
        return [command.receipt(*places[command.envelope.id]) for command in settled]

    def dequeue(self, ids: Sequence[UUID]) -> None:
        """Take commands off the list of those that wait, and commit."""
        round_trip(self.connection, [(SQL["dequeue"], {"ids": list(ids)}), ("COMMIT", ())])

    def _afterwards(self) -> list[tuple[str, Parameters]]:
        """What follows the commit in the same packet: snapshots, which carry no correctness."""
        aggregates = self.state.aggregates
        if aggregates is None:
            return []
        statements: list[tuple[str, Parameters]] = []
        if unreadable := aggregates.unreadable:
            streams, names, versions = map(list, zip(*unreadable, strict=True))
            which = {"streams": streams, "aggregates": names, "versions": versions}
            statements.append((SQL["drop_snapshots"], which))
        if snapshots := aggregates.snapshots():
            statements.append((SQL["keep_snapshots"], {"snapshots": to_json(snapshots)}))
        return statements

    def _commit(
        self,
        statements: Sequence[tuple[str, Parameters]],
        afterwards: Sequence[tuple[str, Parameters]],
    ) -> list[tuple[Any, ...]]:
        """Send statements, COMMIT, and what follows it; the rows of the last before COMMIT.

        Raises psycopg.Error, with nothing done, unless the commit has been answered.
        """
        with_commit = [*statements, ("COMMIT", ())]
        packet, replies = Pipeline(self.connection), list[Reply]()
        try:
            with packet:
                replies = [packet.execute(*each) for each in (*with_commit, *afterwards)]
        except psycopg.Error as error:
            if not packet.answered(len(with_commit)):
                raise
            log.warning("snapshots not kept", error=str(error))
            rows = replies[len(statements) - 1].rows()
            self.connection.close()  # what it has prepared may be of another time
            return rows
        return replies[len(statements) - 1].rows()

    def rollback(self) -> None:
        """Give the transaction up."""
        round_trip(self.connection, [("ROLLBACK", ())])


def _event_row(settled: Settled, emitted: Emitted, expected: int | None) -> dict[str, Any]:
    """An event as `cqrs.append` takes it, with the command that caused it in its metadata."""
    envelope, event = settled.envelope, emitted.event
    return {
        "stream": emitted.stream,
        "expected_version": expected,
        "type": event.type,
        "schema_version": event.schema_version,
        "data": event.payload(),
        "metadata": {
            "command_id": str(envelope.id),
            "correlation_id": str(envelope.correlation_id or envelope.id),
            "causation_id": envelope.causation_id,
            "actor": envelope.actor.name,
        },
    }
