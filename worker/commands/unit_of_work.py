"""One transaction, two round trips: everything a batch needs goes out in one pipeline, everything
it changes comes back in another.

    begin    BEGIN · receipts of these commands · rows, one ordered statement a table · numbers
    settle   attribution · rows, one statement a table and kind · receipts and events · COMMIT

Appending events is the last thing before COMMIT, because from the first position that is drawn
until the commit the log's horizon waits for this transaction. If anything fails, nothing is there:
the caller sees the database's error and the connection is given back rolled back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.base.pipeline import Pipeline, Reply
from worker.base.sql import blocks, statement
from worker.commands import burial
from worker.commands.aggregate import Aggregate
from worker.commands.change_set import Changes
from worker.commands.load_plan import AnyNeed, draws, folds, plan, rows_only
from worker.commands.receipts import Known, Settled, known_receipt
from worker.commands.state import Emitted, State
from worker.contracts import Receipt

_RECEIPTS = statement("worker.commands", "receipts_by_id")
_DRAW = statement("worker.commands", "draw_numbers")
_ATTRIBUTE = statement("worker.commands", "attribute")
_SETTLE = statement("worker.commands", "settle")
_DEQUEUE = statement("worker.commands", "dequeue")
_STREAMS = blocks("worker.commands", "aggregate.sql")


class UnitOfWork:
    """A batch's transaction on one connection, from the first read to the commit."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.state = State(datetime.now(UTC))
        self.changes = Changes()

    def begin(
        self, ids: Sequence[UUID], needs: Iterable[AnyNeed], *, hold_streams: bool = False
    ) -> dict[UUID, Known]:
        """Open the transaction, load the state, and return the receipts that are there already.

        `hold_streams` takes the folded streams before it reads them: for who lost a race for one.
        """
        needs = list(needs)
        loads, numbers, aggregates = plan(rows_only(needs)), draws(needs), folds(needs)
        with Pipeline(self.connection) as asked:
            asked.execute("BEGIN")
            receipts = asked.execute(_RECEIPTS, {"ids": list(ids)})
            tables = [(load.table, asked.execute(load.sql, load.parameters)) for load in loads]
            drawn = {
                name: asked.execute(_DRAW, {"sequence": name, "count": count})
                for name, count in numbers.items()
            }
            folded = _fold(asked, aggregates, hold_streams) if aggregates else None
        self.state.streams.load(aggregates.values(), folded.rows() if folded else ())
        for table, reply in tables:
            self.state.load(table, reply.dicts())
        for name, reply in drawn.items():
            self.state.add_numbers(name, (number for (number,) in reply.rows()))
        return {row["command_id"]: known_receipt(row) for row in receipts.dicts()}

    def settle(self, settled: Sequence[Settled], *, dequeue: Sequence[UUID] = ()) -> list[Receipt]:
        """Write the changes, the receipts and the events, and commit; returns the receipts.

        Raises psycopg.Error, with nothing done: `CQ002` means that one of the commands was settled
        by another worker since `begin`.
        """
        expected = self.state.streams.expected
        events = [
            to_append(one, emitted, expected(emitted.stream))
            for one in settled
            for emitted in one.appended
        ]
        with Pipeline(self.connection) as asked:
            if self.changes.tables:
                asked.execute(_ATTRIBUTE, {"attribution": self.changes.attribution()})
            for sql, parameters in self.changes.statements():
                asked.execute(sql, parameters)
            if dequeue:
                asked.execute(_DEQUEUE, {"ids": list(dequeue)})
            burial.keep(asked, settled)
            rows = [one.to_row() for one in settled]
            positions = asked.execute(
                _SETTLE, {"receipts": to_json(rows), "events": to_json(events)}
            )
            asked.execute("COMMIT")
            if snapshots := self.state.streams.snapshots():
                asked.execute(_STREAMS["keep_snapshots"], {"snapshots": to_json(snapshots)})
        places = {command_id: (position, at) for command_id, position, at in positions.rows()}
        return [one.receipt(*places[one.envelope.id]) for one in settled]

    def rollback(self) -> None:
        """Give the transaction up."""
        with Pipeline(self.connection) as asked:
            asked.execute("ROLLBACK")


def _fold(
    asked: Pipeline, aggregates: Mapping[tuple[str, str], Aggregate[Any]], hold: bool
) -> Reply:
    streams = [stream for stream, _ in aggregates]
    if hold:
        asked.execute(_STREAMS["lock_streams"], {"streams": streams})
    wanted = {
        "streams": streams,
        "aggregates": [name for _, name in aggregates],
        "shapes": [aggregate.shape for aggregate in aggregates.values()],
    }
    return asked.execute(_STREAMS["fold_streams"], wanted)


def to_append(settled: Settled, emitted: Emitted, expected: int | None) -> dict[str, Any]:
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
