"""How fresh an answer must be, and what to do while the read model is not there yet.

    eventual   whatever there is; the answer's `as_of` says how old that is
    causal     holds the effect of `after=`: a reader sees what it wrote. Waits, up to a time-out
    strong     holds every command that had committed before the question was asked: catches the
               projections up in this process instead of waiting for a worker to do it

Strong is causal with `after=` the last position that anybody has drawn. A position that is drawn
but not committed holds it up too; an appender that hangs ends it with ReadModelBehind.

A reader that waits also sends a wake-up, in case the one of the commit was lost, and has a
materialized view refreshed that it waits for. It sleeps 2 ms at first, 50 ms at last, and looks at
the checkpoints of the server that it reads from.

A position counts as reached once the subscription is done with it. If the very event that a
reader names with `after=` is parked, as a dead letter or behind one of its stream, no waiting
brings it: the reader is told at once (EventParked). Other events that are parked hold nobody up,
so a strong answer lacks them until their dead letters are retried; `cqrs status` counts them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kombu.exceptions import OperationalError as BrokerError

from worker import refresh
from worker.base import db
from worker.base.backoff import Backoff, Steps
from worker.base.errors import ServerUnavailable
from worker.base.logs import get_logger
from worker.base.sql import blocks
from worker.cache.entries import Snapshot
from worker.commands import after_commit
from worker.contracts import Receipt
from worker.event_log.sources import Sources
from worker.queries import sources as known
from worker.queries.errors import InvalidQuery, ReadModelBehind

log = get_logger(__name__)

LONGEST_TIMEOUT = 300.0
"""Seconds that a caller may be willing to wait."""
NUDGE_EVERY = 0.5
"""Seconds after which a reader that still waits sends its wake-up again."""

_SQL = blocks("worker.queries", "read_side.sql")


class Consistency(StrEnum):
    """How fresh an answer must be."""

    EVENTUAL = "eventual"
    CAUSAL = "causal"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class ReadRequirement:
    """What a caller asked for: the level, the position that it names, seconds it will wait."""

    level: Consistency = Consistency.EVENTUAL
    after: int | None = None
    timeout: float = 5.0


class Behind(Exception):
    """A snapshot is older than what was asked for: a signal inside the engine, not an error."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__(f"at {snapshot.as_of}")
        self.snapshot = snapshot


def parse(
    consistency: object, after: object, timeout: object
) -> tuple[ReadRequirement, dict[str, str]]:
    """What a caller asked for; and what is wrong with it, by parameter.

    `after=` alone means causal. A receipt stands for its position; one of a command that wrote no
    event asks for nothing.
    """
    errors: dict[str, str] = {}
    position = _parse_after(after, errors)
    level = _parse_level(consistency, after, errors)
    seconds = _parse_timeout(timeout, errors)
    return ReadRequirement(level, position, seconds), errors


def _parse_after(after: object, errors: dict[str, str]) -> int | None:
    if isinstance(after, Receipt):
        return after.position
    if after is None or (isinstance(after, int) and not isinstance(after, bool) and after >= 0):
        return after
    errors["after"] = f"is {after!r}; a position (0 or more) or a receipt is wanted"
    return None


def _parse_level(consistency: object, after: object, errors: dict[str, str]) -> Consistency:
    if consistency is None:
        return Consistency.EVENTUAL if after is None else Consistency.CAUSAL
    if not isinstance(consistency, str) or consistency not in set(Consistency):
        errors["consistency"] = f"is {consistency!r}; eventual, causal or strong is wanted"
        return Consistency.EVENTUAL
    level = Consistency(consistency)
    if level is Consistency.CAUSAL and after is None:
        errors["consistency"] = "causal needs after=: the position to wait for, or a receipt"
    if level is Consistency.EVENTUAL and after is not None:
        errors["consistency"] = "eventual waits for nothing: leave after= out, or ask for causal"
    return level


def _parse_timeout(timeout: Any, errors: dict[str, str]) -> float:
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if is_number and 0 <= timeout <= LONGEST_TIMEOUT:  # NaN is not between them
        return float(timeout)
    errors["timeout"] = f"is {timeout!r}; 0 to {LONGEST_TIMEOUT:.0f} seconds are wanted"
    return 0.0


def target(query: str, required: ReadRequirement, sources: Sources) -> int | None:
    """The position that every source must have reached; None: any will do.

    For a strong answer this also catches the projections up. Raises BadDeclarations for one that
    nobody knows.
    """
    if required.level is not Consistency.STRONG:
        return required.after
    if not sources:
        return None
    last = last_position()
    known.must_be_known(query, sources.reads)
    catch_up(sources)
    return max(last, required.after or 0)


def last_position() -> int:
    """The last position that anybody has drawn; 0 for an empty log. Asks the primary."""
    row = db.read("sender", lambda connection: connection.execute(_SQL["last_position"]).fetchone())
    return int(row[0]) if row else 0


def positions(sources: Sources) -> Snapshot:
    """How far each source has come on the server that queries read from, at this moment."""

    def rows(connection: db.Connection) -> list[tuple[Any, ...]]:
        asked = [connection.execute(_SQL[name], given) for name, given in statements(sources)]
        return [row for cursor in asked for row in cursor.fetchall()]

    return Snapshot.of(sources.names, db.read("reader", rows))


def statements(sources: Sources) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """The named statements that read the positions of these sources, with their arguments."""
    wanted: list[tuple[str, Mapping[str, Any]]] = []
    if sources.reads:
        wanted.append(("checkpoints", {"reads": list(sources.reads)}))
    if sources.views:
        wanted.append(("refreshed", {"views": list(sources.views)}))
    return wanted


def wait(
    query: str,
    sources: Sources,
    wanted: int,
    required: ReadRequirement,
    here: Snapshot,
    backoff: Backoff,
) -> Steps[None]:
    """Rest until every source has reached `wanted`, or it may be worth another look.

    Raises ReadModelBehind, naming the source that is furthest behind, when the backoff ends, or
    ServerUnavailable if the database is away then; InvalidQuery for a position that does not exist
    yet.
    """
    if required.level is Consistency.CAUSAL:
        must_exist(query, wanted)
    nudge_at, again, away = 0.0, False, None
    while True:
        if time.monotonic() >= nudge_at:
            nudge(required, sources, here, wanted, again=again)
            nudge_at, again = time.monotonic() + NUDGE_EVERY, True
        if (pause := backoff.pause()) is None:
            raise away or behind(here, wanted)
        yield pause
        try:
            here, away = positions(sources), None
        except ServerUnavailable as error:
            away = error  # it may come back while there is time
        if here.reaches(wanted):
            return


def behind(here: Snapshot, wanted: int) -> ReadModelBehind:
    """The error that names the source that is furthest behind."""
    name, position = min(here.positions.items(), key=lambda item: item[1])
    return ReadModelBehind(name, position, wanted)


def must_exist(query: str, wanted: int) -> None:
    """Raise InvalidQuery for a position that nobody has drawn yet."""
    try:
        last = last_position()
    except ServerUnavailable:
        return  # the primary is away, the replica is not: all that can be done is to wait
    if wanted > last:
        raise InvalidQuery(query, {"after": f"no such position yet (after {wanted}, last {last})"})


def nudge(
    required: ReadRequirement, sources: Sources, here: Snapshot, wanted: int, *, again: bool
) -> None:
    """Get the sources that lag to move; `again` where they have been told before."""
    lagging = {name for name, position in here.positions.items() if position < wanted}
    for view in sorted(lagging.intersection(sources.views)):
        ask_for_refresh(view, wanted, again=again)
    slow = lagging.intersection(sources.reads)
    if required.level is Consistency.STRONG:
        catch_up(Sources(tuple(sorted(slow))))
    wake(slow)  # for a strong answer too: this process may not know how, or lag behind a release


def wake(names: Iterable[str]) -> None:
    """Send a wake-up for each group of these subscriptions, unless one waits already."""
    for group in sorted(known.groups(names)):
        after_commit.wake("cqrs.project", group)


def ask_for_refresh(view: str, position: int, *, again: bool) -> None:
    """Have a materialized view refreshed, because somebody waits for it to hold a position."""
    try:
        refresh.ask_for(view, position, again=again)
    except (ServerUnavailable, BrokerError, OSError) as error:
        log.warning("refresh not asked for", view=view, reason=str(error))


def catch_up(sources: Sources) -> None:
    """Bring projections up to the horizon in this process, and tell the cache.

    In an application's process, whose user may not write them, the workers are woken to do it.
    """
    from worker.subscriptions import runner

    if not sources.reads:
        return
    with db.sender() as connection:
        may_write = db.is_writer(connection)
    if not may_write:
        wake(sources.reads)
        return
    known.load(sources.reads)
    if runner.catch_up(names=sources.reads).tags:
        try:
            runner.invalidate()
        except ServerUnavailable as error:
            log.warning("tags not invalidated; the sweep will", reason=str(error))
