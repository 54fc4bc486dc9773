"""A process that imports commands and queries, and nothing of who keeps the read models."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.read_side.conftest import ReadSide
from tests.support.things.models import Thing, ThingMoved, ThingSeen, Totals
from tests.support.things.queries import thing
from tests.support.workers import ROOT, environment
from worker.base.errors import BadDeclarations
from worker.base.settings import get_settings
from worker.event_log.sources import queries
from worker.event_log.subscribers import subscriptions
from worker.queries import sources
from worker.queries.errors import EventParked
from worker.queries.query import Reader, query
from worker.subscriptions import runner

PROGRAM = """
from tests.support.things.queries import thing, visit
from worker.base.settings import get_settings, using
from worker.commands import after_commit
from worker.event_log.subscribers import subscriptions
from worker.queries.errors import EventParked, ReadModelBehind

assert len(subscriptions) == 0
woken = []
after_commit.wake = lambda *call: woken.append(call)


def told(position):
    try:
        return thing.ask(name="pen", after=position).data
    except EventParked as parked:
        return parked.subscription


assert thing.ask(name="pen").data.moves == 1
assert told({parked}) == "things.list", "the database says which events it folds"
assert told({unwanted}).moves == 1, "and that this one is none of them"
assert len(subscriptions) == 0, "nothing had to be loaded"

try:
    thing.ask(name="pen", after={last}, timeout=0)
except ReadModelBehind:
    assert woken == [("cqrs.project", "things")], woken
else:
    raise AssertionError("it cannot have that event")

domains = get_settings().model_copy(update={{"domains": ("tests.support.things",)}})
with using(domains):
    strong = thing.ask(name="ink", consistency="strong", timeout=30)
assert strong.data.moves == 1, "it folds by itself"
assert "things.list" in subscriptions
"""


def park(things: ReadSide) -> tuple[int, int]:
    """A thing that has moved once, then to nowhere; the positions of that, and of what follows."""
    things.visit("pen")
    parked = things.visit("pen", place="nowhere")
    unwanted = things.append("pen", ThingSeen())[0]
    things.project()
    return parked, unwanted


def test_an_answer_keeps_its_promise_where_no_projection_is_loaded(things: ReadSide) -> None:
    parked, unwanted = park(things)
    last = things.visit("ink")
    program = PROGRAM.format(parked=parked, unwanted=unwanted, last=last)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(get_settings()) | {"CQRS_DOMAINS": ""},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def nobody_is_loaded(things: ReadSide, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No subscription in this process; says how often the domains were loaded."""
    loads: list[str] = []
    known = dict(subscriptions._items)

    def load() -> None:
        loads.append("load")
        subscriptions._items.update(known)

    monkeypatch.setattr(subscriptions, "_items", {})
    monkeypatch.setattr(sources, "load_domains", load)
    return loads


def test_what_the_database_does_not_say_the_domains_do(
    things: ReadSide, nobody_is_loaded: list[str]
) -> None:
    things.connection.execute("TRUNCATE cqrs.running_subscriptions")
    position = things.visit()
    answer = thing.ask(name="pen", consistency="strong", timeout=30)
    assert answer.data is not None
    assert answer.as_of == position
    assert nobody_is_loaded == ["load"]


def test_what_nobody_can_say_counts_as_parked(
    things: ReadSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, unwanted = park(things)
    assert thing.ask(name="pen", after=unwanted).data is not None
    things.connection.execute("TRUNCATE cqrs.running_subscriptions")
    monkeypatch.setattr(subscriptions, "_items", {})
    monkeypatch.setattr(sources, "load_domains", lambda: None)
    with pytest.raises(EventParked):
        thing.ask(name="pen", after=unwanted)


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ({"reads": ("things.lst",)}, "no projection is called 'things.lst'; did you mean things.l"),
        ({"views": ("query.thing_totls",)}, "no materialized view is called 'query.thing_totls'"),
    ],
)
@pytest.mark.parametrize("wish", [{}, {"after": 0}, {"consistency": "strong"}])
def test_a_source_that_nobody_keeps_is_refused(
    things: ReadSide,
    monkeypatch: pytest.MonkeyPatch,
    source: dict[str, Any],
    why: str,
    wish: dict[str, Any],
) -> None:
    monkeypatch.setattr(queries, "_items", dict(queries._items))

    @query("things.lost", **source)
    def lost(db: Reader) -> list[Thing | Totals]:
        return []

    with pytest.raises(BadDeclarations, match=why):
        lost.ask(**wish, timeout=0)


def test_workers_say_what_they_run_and_say_it_anew_when_it_changes(things: ReadSide) -> None:
    said = "SELECT run_group, event_types FROM query.running_subscriptions WHERE name = %s"

    def row() -> Any:
        return things.connection.execute(said, ["things.list"]).fetchone()

    assert row()[0] == "things"
    assert ThingMoved.type in row()[1]
    things.connection.execute("UPDATE cqrs.running_subscriptions SET event_types = '{}'")
    runner._added.clear()  # a process that begins
    things.project()
    assert ThingMoved.type in row()[1]
