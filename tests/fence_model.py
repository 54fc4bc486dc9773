"""A model of the fence: what appenders and a reader do, step by step, in every order.

The model is a state, a program for each party, and what one step of a program does to the state.
`explore` tries every order of steps, each appender free to commit or to roll back, and remembers
the states that it has been in. It raises `Violation`, with the interleaving that leads there, as
soon as a reader has passed a committed event without reading it, or reads one again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

Program: TypeAlias = tuple[str, ...]
AHEAD = 3
"""How far nextval() overstates the sequence while it logs (32 in PostgreSQL): above every draw."""


UNBOUNDED = 99
"""A horizon before anything was read of the sequence and the locks."""


class Appender(NamedTuple):
    """What is left of its program; what it has read, locked, drawn, and kept for later; whether it
    has locked the table, and whether the reader has that in its list."""

    program: Program
    last_read: int = 0
    fences: tuple[int, ...] = ()
    drawn: int = 0
    kept: int = 0
    writes: bool = False
    listed: bool = False


class Reader(NamedTuple):
    """What is left of its program, the least of what it has read so far, how far it has come."""

    program: Program
    horizon: int = UNBOUNDED
    snapshot: int = 0
    checkpoint: int = 0
    delivered: int = 0


class State(NamedTuple):
    """The whole system. Sets of positions are bit masks: position p is the bit 1 << p.

    `visible` forgets what is at or below the checkpoint; `overstated` is what the sequence shows
    to those who look at it in the middle of a nextval().
    """

    appenders: tuple[Appender, ...]
    reader: Reader
    last_position: int = 0
    overstated: int = 0
    visible: int = 0


class Violation(AssertionError):
    """A reader skipped an event or read one twice, in the step after this `interleaving`."""

    def __init__(self, what: str, interleaving: Sequence[str]) -> None:
        super().__init__(f"{what}: {' · '.join(interleaving)}")
        self.interleaving = interleaving


class Misread(Exception):
    """What went wrong in one step."""


# --- programs -----------------------------------------------------------------------------------

FENCE: Program = ("read sequence", "lock")
DRAW: Program = ("start nextval", "finish nextval")
END: Program = ("end", "unlock")
READ: Program = ("read horizon", "scan locks", "take snapshot", "select")
INSERT: Program = ("lock table", *DRAW)
READ_WRITERS: Program = (
    "read horizon", "list writers", "scan locks of writers", "take snapshot", "select",
)  # fmt: skip
"""How PostgreSQL lists locks: those on tables first, and the advisory ones after them."""


def appends(*draws: int) -> Program:
    """A transaction that appends once for each number, drawing so many positions each time."""
    return tuple(step for count in draws for step in FENCE + DRAW * count) + END


WITH_SAVEPOINT: Program = FENCE + DRAW + ("roll back to savepoint",) + FENCE + DRAW + END
EVERY_KIND: tuple[Program, ...] = (
    appends(1),
    appends(2),
    appends(1, 1),
    appends(1) + appends(1),
    WITH_SAVEPOINT,
)


# --- what one step does -------------------------------------------------------------------------


def bits_upto(position: int) -> int:
    return (1 << (position + 1)) - 1


def read_sequence(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    if not state.overstated:  # whoever locks the buffer waits for nextval() to finish
        yield state, me._replace(last_read=state.last_position)


def peek_at_sequence(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    yield state, me._replace(last_read=state.overstated or state.last_position)


def lock(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    yield state, me._replace(last_read=0, fences=(*me.fences, me.last_read))


def move_lock(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    yield state, me._replace(last_read=0, fences=(me.last_read,))


def start_nextval(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    if not state.overstated:
        yield state._replace(overstated=state.last_position + AHEAD), me


def finish_nextval(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    drawn = state.last_position + 1
    settled = state._replace(last_position=drawn, overstated=0)
    yield settled, me._replace(drawn=me.drawn | 1 << drawn)


def draw_two_use_one(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    """What nextval() does with CACHE 2: the session keeps a number for next time."""
    drawn = state.last_position + 1
    after = me._replace(drawn=me.drawn | 1 << drawn, kept=drawn + 1)
    yield state._replace(last_position=drawn + 1), after


def use_kept_number(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    yield state, me._replace(drawn=me.drawn | 1 << me.kept, kept=0)


def end(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    after = me._replace(drawn=0)
    yield state, after  # rolled back
    if me.drawn & bits_upto(state.reader.checkpoint):
        raise Misread("a committed event was skipped")
    yield state._replace(visible=state.visible | me.drawn), after


def unlock(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    yield state, me._replace(fences=(), writes=False)


def lock_table(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    yield state, me._replace(writes=True)


def roll_back_to_savepoint(state: State, me: Appender) -> Iterator[tuple[State, Appender]]:
    yield state, me._replace(fences=me.fences[:-1], drawn=0, writes=False)


def read_horizon(state: State, me: Reader) -> Iterator[Reader]:
    if not state.overstated:
        yield me._replace(horizon=min(me.horizon, state.last_position))


def peek_at_horizon(state: State, me: Reader) -> Iterator[Reader]:
    yield me._replace(horizon=min(me.horizon, state.overstated or state.last_position))


def scan_locks(state: State, me: Reader) -> Iterator[Reader]:
    fences = [fence for appender in state.appenders for fence in appender.fences]
    yield me._replace(horizon=min(me.horizon, *fences, UNBOUNDED))


def scan_locks_of_writers(state: State, me: Reader) -> Iterator[Reader]:
    """Those alone count whose lock on the table is in the list."""
    fences = [fence for one in state.appenders if one.listed for fence in one.fences]
    yield me._replace(horizon=min(me.horizon, *fences, UNBOUNDED))


def list_writers(state: State, me: Reader) -> Iterator[Reader]:
    yield me  # what it lists is written beside each appender: see `successors`


def take_snapshot(state: State, me: Reader) -> Iterator[Reader]:
    yield me._replace(snapshot=state.visible)


def select(state: State, me: Reader) -> Iterator[Reader]:
    yield advance(state, me, max(me.checkpoint, me.horizon))


def select_all(state: State, me: Reader) -> Iterator[Reader]:
    yield advance(state, me, max(me.checkpoint, me.snapshot.bit_length() - 1))


def select_and_step_back(state: State, me: Reader) -> Iterator[Reader]:
    if me.horizon < me.delivered:
        raise Misread("an event will be read twice")
    due = me.snapshot & bits_upto(me.horizon)
    after = advance(state, me, me.horizon)
    yield after._replace(delivered=max(me.delivered, due.bit_length() - 1))


def advance(state: State, me: Reader, checkpoint: int) -> Reader:
    """Deliver checkpoint < position <= the new one, out of the snapshot."""
    due = bits_upto(checkpoint) & ~bits_upto(me.checkpoint)
    if state.visible & due & ~me.snapshot:
        raise Misread("a committed event was skipped")
    return Reader(me.program, checkpoint=checkpoint, delivered=me.delivered)


Step: TypeAlias = Callable[[State, Appender], Iterator[tuple[State, Appender]]]
ReadStep: TypeAlias = Callable[[State, Reader], Iterator[Reader]]
STEPS: dict[str, Step] = {
    "read sequence": read_sequence, "peek at sequence": peek_at_sequence,
    "lock": lock, "move lock": move_lock,
    "start nextval": start_nextval, "finish nextval": finish_nextval,
    "draw two, use one": draw_two_use_one, "use kept number": use_kept_number,
    "end": end, "unlock": unlock, "roll back to savepoint": roll_back_to_savepoint,
    "lock table": lock_table,
}  # fmt: skip
READ_STEPS: dict[str, ReadStep] = {
    "read horizon": read_horizon, "peek at horizon": peek_at_horizon,
    "scan locks": scan_locks, "take snapshot": take_snapshot, "select": select,
    "select and step back": select_and_step_back, "select all": select_all,
    "list writers": list_writers, "scan locks of writers": scan_locks_of_writers,
}  # fmt: skip


# --- every interleaving -------------------------------------------------------------------------


def successors(state: State) -> Iterator[tuple[str, State]]:
    """Every step that somebody can take now, named, with the state after it."""
    for place, appender in enumerate(state.appenders):
        if appender.program:
            step, me = appender.program[0], Appender(appender.program[1:], *appender[1:])
            others = state.appenders[:place] + state.appenders[place + 1 :]
            for after, moved in STEPS[step](state, me):
                # Appenders have no names: sorted, many interleavings are one and the same.
                everyone = tuple(sorted((*others, moved)))
                yield f"appender: {step}", State(everyone, *after[1:])
    if state.reader.program:
        step, reader = state.reader.program[0], state.reader
        for read in READ_STEPS[step](state, Reader(reader.program[1:], *reader[1:])):
            visible = state.visible & ~bits_upto(read.checkpoint)
            everyone = with_list(state.appenders, step)
            yield (
                f"reader: {step}",
                State(everyone, read, state.last_position, state.overstated, visible),
            )


def with_list(appenders: tuple[Appender, ...], step: str) -> tuple[Appender, ...]:
    """What the reader has listed is kept beside each appender, and is forgotten after its scan."""
    if step == "list writers":
        return tuple(sorted(one._replace(listed=one.writes) for one in appenders))
    if step == "scan locks of writers":
        return tuple(sorted(one._replace(listed=False) for one in appenders))
    return appenders


def explore(appenders: Sequence[Program], reader: Program) -> int:
    """Try every interleaving; the number of states. Raises Violation where one goes wrong."""
    start = State(tuple(sorted(map(Appender, appenders))), Reader(reader))
    came_from: dict[State, tuple[str, State] | None] = {start: None}
    waiting = [start]
    while waiting:
        state = waiting.pop()
        try:
            for step, after in successors(state):
                if after not in came_from:
                    came_from[after] = step, state
                    waiting.append(after)
        except Misread as misread:
            raise Violation(str(misread), list(way_to(state, came_from))) from None
        if is_quiet(state):
            assert read_once(state).horizon == state.last_position, "the horizon stays behind"
    return len(came_from)


def way_to(state: State, came_from: dict[State, tuple[str, State] | None]) -> list[str]:
    steps = []
    while origin := came_from[state]:
        step, state = origin
        steps.append(step)
    return steps[::-1]


def is_quiet(state: State) -> bool:
    return not any(appender.program for appender in state.appenders) and not state.reader.program


def read_once(state: State) -> Reader:
    return next(scan_locks(state, next(read_horizon(state, state.reader))))
