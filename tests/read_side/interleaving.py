"""Readers that run one step at a time, so that a seed decides what happens between any two steps.

Each reader is a thread that calls the real `ask` and stops before every call to a server. Only one
of them runs at any moment; in between the director commits events, runs projections, refreshes the
materialized view (and sells in the middle of that), tells the cache, drops keys, or brings the
replica up. What is checked of every answer:

1. an answer with `after=p` holds the effect of every event up to p;
2. an answer holds the effect of every event up to its `as_of`, and none that did not happen;
3. an answer that is not marked as stale holds everything that the cache had been told of when it
   was asked for: whatever was in flight then, nothing stale was put back.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import redis as redis_py

from tests.read_side.conftest import ReadSide
from tests.read_side.replica import VIEW, Replica
from tests.read_side.stepping import SteppedReader
from tests.support.things import queries
from tests.support.things.history import tags_of
from tests.support.things.models import Place, Thing, Totals
from worker import cache, refresh
from worker.queries.answers import Answer
from worker.queries.errors import ReadModelBehind
from worker.refresh.view_refresh import ViewRefresh
from worker.subscriptions import checkpoints, runner

MOST_READERS = 3
SLEEPY = 0.1
"""How often a reader is left alone, and for how many steps at most."""
LONGEST_SLEEP = 40
REFRESHED = 0.25
"""How often what follows a move includes a refresh."""
AMID = 0.15
"""How often something is moved while the view is refreshed."""


class Violation(AssertionError):
    """An answer that breaks a promise, and the steps that led to it."""


@dataclass
class Question:
    """What a reader asked, and what it may rely on."""

    names: tuple[str, ...]
    """Whose moves are counted: a thing's, those to the place, all those in the view."""
    after: int | None
    promised: tuple[int, ...]
    """Moves of these that the cache had been told of by then."""


@dataclass
class Director:
    """One run: a seed decides every step."""

    things: ReadSide
    redis: redis_py.Redis
    seed: int
    replica: Replica | None = None
    log: list[str] = field(default_factory=list)
    moves: list[tuple[int, str]] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    asked: dict[SteppedReader, Question] = field(default_factory=dict)
    asleep: dict[SteppedReader, int] = field(default_factory=dict)
    now: int = 0
    answers: int = 0
    hits: int = 0
    of_view: int = 0
    before: int = 0
    """Moves of earlier runs, all of them in the view."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.names = [f"pen-{self.seed}", f"ink-{self.seed}"]
        self.place = f"ada-{self.seed}"
        self.tags = {name: tags_of(name)[0] for name in self.names}
        self.tags |= {self.place: f"place:{self.place}", VIEW: cache.source_tag(VIEW)}
        self.names_of = {tag: name for name, tag in self.tags.items()}

    def run(self, steps: int) -> None:
        """Take so many steps, then let every reader finish, and check all answers."""
        acts: list[Callable[[], object]] = [*[self._step] * 40, *[self._ask] * 10]
        acts += [self._move, self._project, self._settle, self._invalidate, self._refresh]
        acts += [self._replay if self.replica else self._evict]
        self._project_all()
        ((self.before,),) = self.things.connection.execute(f"SELECT moves FROM {VIEW}").fetchall()
        try:
            for self.now in range(steps):
                self.chance.choice(acts)()
            self._project_all()
            while self.asked:
                self._go_on(self.chance.choice(list(self.asked)))
        finally:
            for reader in self.asked:  # after a violation: none is left in a transaction
                while not reader.step():
                    pass

    def _note(self, what: str) -> None:
        self.log.append(what)

    def _ask(self) -> None:
        if len(self.asked) == MOST_READERS:
            return
        thing = self.chance.choice(self.names)
        of: dict[str, tuple[str, ...]] = {
            "thing": (thing,),
            "patient_thing": (thing,),
            "visit": (thing, self.place),
            "totals": (VIEW,),
            "mixed": (thing, VIEW),
        }
        kind = self.chance.choice(["thing", "thing", "thing", *of])
        known = [position for position, _ in self.moves]
        after = self.chance.choice([None, None, None, *known[-2:]])
        values = {"name": thing} if thing in of[kind] else {}
        values |= {"place": self.place} if kind == "visit" else {}
        name = f"reader {len(self.log)}"
        reader = SteppedReader(name, lambda: getattr(queries, kind).ask(after=after, **values))
        told = tuple(self.told.get(self.tags[name], 0) for name in of[kind])
        self.asked[reader] = Question(of[kind], after, told)
        self._note(f"{name} asks {kind}({thing}) after {after}")

    def _step(self) -> None:
        """One reader goes on; now and then one of them is left alone for a while first."""
        awake = [reader for reader in self.asked if self.asleep.get(reader, 0) <= self.now]
        if not awake:
            return
        reader = self.chance.choice(awake)
        if self.chance.random() < SLEEPY:
            self.asleep[reader] = self.now + self.chance.randrange(LONGEST_SLEEP)
        else:
            self._go_on(reader)

    def _go_on(self, reader: SteppedReader) -> None:
        self._note(f"{reader.name} goes on")
        if reader.step():
            self._check(reader, self.asked.pop(reader))

    def _move(self) -> None:
        thing = self.chance.choice(self.names)
        self.moves.append((self.things.visit(thing, self.place), thing))
        self._note(f"moved {thing} at {self.moves[-1][0]}")

    def _project(self) -> None:
        name = self.chance.choice(["things.list", "things.places"])
        runner.catch_up(names=[name])
        self._note(f"{name} projected")

    def _settle(self) -> None:
        """Everything that follows a move, at once."""
        self._move()
        self.things.project()
        self._note("all projected")
        if self.chance.random() < REFRESHED:
            self._refresh()
        while self._invalidate():
            pass

    def _refresh(self) -> None:
        """Refresh the view; now and then something is moved, and projected, in the middle of it."""
        real = ViewRefresh._refresh

        def amid(run: ViewRefresh, *args: Any) -> Any:
            self._maybe_move_and_project()
            done = real(run, *args)
            self._maybe_move_and_project()
            return done

        with patch.object(ViewRefresh, "_refresh", amid):
            (done,) = refresh.refresh([VIEW], if_stale=True)
        assert done.outcome != "failed", done
        self._note(f"view {done.outcome} up to {done.horizon}")

    def _maybe_move_and_project(self) -> None:
        if self.chance.random() < AMID:
            self._move()
            runner.catch_up(names=["things.list"])

    def _project_all(self) -> None:
        self.things.project()
        refresh.refresh([VIEW], if_stale=True)
        self._replay()

    def _invalidate(self) -> bool:
        """Tell the cache of one change: any of those that wait, so that they come in any order."""
        rows = self.things.connection.execute(
            "SELECT invalidation_id, subscription, tags, position FROM cqrs.invalidations"
        ).fetchall()
        if not rows:
            return False
        number, source, tags, position = self.chance.choice(rows)
        cache.invalidate(tags, position, *self.chance.choice([(), (source,)]))
        self.things.connection.execute(checkpoints.SQL["tick_off_invalidations"], {"ids": [number]})
        for tag in self.names_of.keys() & set(tags):
            self.told[tag] = max(self.told.get(tag, 0), self._moved(self.names_of[tag], position))
        self._note(f"cache told of {tags} at {position}")
        return True

    def _evict(self) -> None:
        keys = sorted(self.redis.keys("cqrs:*"))
        if keys:
            key = self.chance.choice(keys)
            self.redis.delete(key)
            self._note(f"{key!r} evicted")

    def _replay(self) -> None:
        if self.replica:
            self.replica.replay()
            self._note("replica brought up")

    def _moved(self, name: str, upto: int | None = None) -> int:
        """How often, up to a position; of the view: with all that was moved before."""
        mine = [p for p, thing in self.moves if name in (thing, self.place, VIEW)]
        earlier = self.before if name == VIEW else 0
        return earlier + sum(1 for position in mine if upto is None or position <= upto)

    def _check(self, reader: SteppedReader, asked: Question) -> None:
        found = reader.outcome
        if isinstance(found, ReadModelBehind):
            return
        if not isinstance(found, Answer):
            raise AssertionError(f"{reader.name}: {found!r}") from (
                found if isinstance(found, BaseException) else None
            )
        self.answers += 1
        self.hits += found.from_cache
        self.of_view += VIEW in asked.names
        rows = found.data if len(asked.names) > 1 else [found.data]
        for row, name, promised in zip(rows, asked.names, asked.promised, strict=True):
            if broken := self._broken(asked, found, name, _count(row), promised):
                raise Violation(f"{broken}: {reader.name} got {found}\n" + "\n".join(self.log))

    def _broken(
        self, asked: Question, found: Answer[Any], name: str, n: int, promised: int
    ) -> str | None:
        """The promise that this count of moves breaks."""
        assert found.as_of is not None
        kept = {
            "happened": n <= self._moved(name),
            "as_of": n >= self._moved(name, found.as_of),
            "after": asked.after is None or n >= self._moved(name, asked.after),
            "stale refill": not self._binding(found) or n >= promised,
        }
        return next((promise for promise, holds in kept.items() if not holds), None)

    def _binding(self, found: Answer[Any]) -> bool:
        """Whether an answer must show what the cache was told of: not what a replica says itself,
        which may lag, nor what is marked as stale."""
        return not found.stale and (found.from_cache or self.replica is None)


def _count(row: Thing | Place | Totals | None) -> int:
    if row is None:
        return 0
    return row.held if isinstance(row, Place) else row.moves
