"""A handler tried without any server: given rows and events, when a command, then what it decides.

    decided = decide(write_note, author="ada", text="hello")
    decided.events == [NoteWritten(...)]

    decided = decide(write_note, note_id=taken, ..., rows={notes: [{"note_id": taken, ...}]})
    str(decided.refusal) == "this note is there already (note_id …)"

It is the engine's own way of deciding, up to the database: the payload is validated, the sender's
permission asked, the handler sees of the given rows those alone that its `needs` declare, and may
change no others. A rule that is a pure function needs not even this.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from pydantic_core import to_jsonable_python

from worker.base.actor import current_actor
from worker.commands.call_arguments import payload_of
from worker.commands.change_set import check_declared
from worker.commands.command import CommandTask
from worker.commands.decoding import Decoded, authorize, decode, prepare
from worker.commands.errors import InvalidCommand
from worker.commands.load_plan import (
    DrawNumbers,
    FoldStreams,
    Load,
    LoadRows,
    primary_key,
    sequence_name,
)
from worker.commands.state import Change, LoadedRow, State, Work, column_defaults
from worker.contracts import Command, Envelope, Event, Refusal, uuid7

C = TypeVar("C", bound=Command)
Rows = Mapping[sa.Table, Sequence[LoadedRow]]


@dataclass(frozen=True, slots=True)
class Decided:
    """What a command came to: its receipt's data, events and changes; or why it was refused."""

    data: Any = None
    events: Sequence[Event] = ()
    streams: Sequence[str] = ()
    changes: Sequence[Change] = ()
    refusal: Refusal | InvalidCommand | None = None


def decide(
    command: CommandTask[C],
    /,
    *args: C,
    rows: Rows | None = None,
    history: Mapping[str, Iterable[Event]] | None = None,
    first_number: int = 1,
    now: datetime | None = None,
    **fields: Any,
) -> Decided:
    """Let a command's handler decide, as the sender that `acting_as` names.

    `rows`: what the write tables hold, columns left out by their defaults; `history`: the events
    of streams, for event-sourced aggregates; `first_number`: what every sequence gives first.
    Raises InvalidCommand as `.delay()` would, and what the handler raises but for a refusal.
    """
    command_id = uuid7()
    ready = prepare(command.spec, payload_of(command.name, args, fields), command_id)
    decoded = decode(Envelope(command_id, command.name, ready.wire, current_actor()))
    if decoded.refusal is not None:
        return Decided(refusal=decoded.refusal)
    state = State(now or datetime.now(UTC))
    _fill(state, decoded.needs, rows or {}, history or {}, first_number)
    return _decided(decoded, state)


def _decided(decoded: Decoded, state: State) -> Decided:
    assert decoded.handler is not None
    work = Work(decoded.envelope.id, decoded.envelope.actor)
    try:
        authorize(decoded, state)
        data = to_jsonable_python(decoded.handler(decoded.command, state, work))
    except (Refusal, InvalidCommand) as refusal:
        return Decided(refusal=refusal)
    check_declared(work.changes, state)
    if state.aggregates is not None:
        state.aggregates.take(work.events)
    events = [emitted.event for emitted in work.events]
    return Decided(data, events, [emitted.stream for emitted in work.events], work.changes)


def _fill(
    state: State,
    needs: Iterable[Load],
    rows: Rows,
    history: Mapping[str, Iterable[Event]],
    first_number: int,
) -> None:
    """Put into the state what the database would have found for these needs."""
    whole = {
        table: [{**column_defaults(table), **row} for row in given] for table, given in rows.items()
    }
    folds: list[FoldStreams] = []
    for need in needs:
        match need:
            case LoadRows():
                state.load({need.table: _wanted(need, whole)})
            case DrawNumbers(sequence, count):
                drawn = range(first_number, first_number + count)
                state.load({}, {sequence_name(sequence): list(drawn)})
                first_number += count
            case FoldStreams():
                folds.append(need)
    if folds:
        aggregates = [need.aggregate for need in folds]
        state.load_aggregates(aggregates, [r for need in folds for r in _folded(need, history)])


def _wanted(need: LoadRows, rows: Rows) -> list[LoadedRow]:
    """Those of the given rows that the database would load for this need."""
    key, column, values = primary_key(need.table), need.column, set(need.values)
    if need.via is not None:
        through = [row for row in rows.get(need.via, ()) if row[column] in values]
        column, values = key, {row[key] for row in through}
    found = [row for row in rows.get(need.table, ()) if _value(row, column) in values]
    return sorted(found, key=lambda row: str(row[key]))


def _value(row: LoadedRow, column: str) -> Hashable:
    value: Hashable = row[column]
    return value


def _folded(need: FoldStreams, history: Mapping[str, Iterable[Event]]) -> Iterable[Any]:
    """Rows as `fold_streams` gives them: no snapshot, every event."""
    for stream in need.streams:
        events = [
            (event.type, event.schema_version, event.payload()) for event in history.get(stream, ())
        ]
        text = orjson.dumps(events, default=str).decode()
        yield stream, need.aggregate.name, 0, len(events), None, text
