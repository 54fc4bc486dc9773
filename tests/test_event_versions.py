"""Events that were stored years ago are read as today's code declares them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from tests.support.things.history import LIST, PLACES, Things
from tests.support.things.models import ThingAdded, ThingPriced, thing_id
from tests.support.things.projections import thing_list
from worker import event_log
from worker.cli import events as events_cli
from worker.commands.aggregate import AggregateStates, aggregate
from worker.contracts import Event, Message, event_versions, upcaster
from worker.event_log import NewerEvent, NewEvent, UnreadableEvent
from worker.ops import declarations
from worker.rebuild import rebuild, verify
from worker.rebuild.fingerprint import fingerprint

OLD = "shop.ThingTakenIn"
"""How the log calls what is called ThingAdded today."""


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test declares is forgotten after it."""
    for name in ("_declared", "_today", "_steps"):
        monkeypatch.setattr(event_versions, name, dict(getattr(event_versions, name)))
    yield
    event_versions.as_stored.clear()


@pytest.fixture
def release(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A release of today: ThingAdded has a version, former names, and these upcasters."""

    def release(
        version: int, *steps: event_versions.Upcaster, former: tuple[str, ...] = ()
    ) -> None:
        monkeypatch.setattr(ThingAdded, "schema_version", version)
        monkeypatch.setattr(ThingAdded, "former_types", former)
        event_versions.declare(ThingAdded)
        for at, step in enumerate(steps, 1):
            upcaster(ThingAdded, at)(step)

    return release


def stored(things: Things, number: int, version: int, type_: str, **data: Any) -> int:
    """Log an event as a release of long ago did."""
    plain = {"thing_id": str(thing_id(number)), **data}
    new = NewEvent(f"thing-{number}", type_, plain, schema_version=version)
    return event_log.append(things.connection, [new])[0].position


def owner_known(data: dict[str, Any]) -> dict[str, Any]:
    """Version 2 has an owner."""
    return {"owner": "nobody", **data}


def price_is_text(data: dict[str, Any]) -> dict[str, Any]:
    """Version 3 has its price in euros, as text; version 2 had cents."""
    cents = data.pop("cents")
    return {**data, "price": f"{cents // 100}.{cents % 100:02}"}


def test_what_is_stored_under_old_names_and_versions_is_folded_as_today(
    things: Things, release: Callable[..., None]
) -> None:
    release(3, owner_known, price_is_text, former=(OLD,))
    stored(things, 1, 1, OLD, name="1", cents=150)
    stored(things, 2, 2, OLD, name="2", owner="c2", cents=250)
    stored(things, 3, 1, ThingAdded.type, name="3", cents=399)
    stored(things, 4, 3, ThingAdded.type, name="4", owner="c4", price="4.50")
    things.project()
    prices = {row["name"]: (row["owner"], str(row["price"])) for row in things.listed()}
    assert prices["1"] == ("nobody", "1.50")
    assert prices["2"] == ("c2", "2.50")
    assert prices["3"] == ("nobody", "3.99")
    page = event_log.read(things.connection, after=0, upto=things.last(), limit=9)
    assert {(event.type, event.schema_version) for event in page[:3]} == {(ThingAdded.type, 3)}
    assert verify.verify(LIST).differing == 0
    things.connection.execute("UPDATE query.things SET owner = 'x' WHERE name = '1'")
    done = rebuild(LIST)
    assert (done.rows, done.differing) == (4, 1)
    assert {row["name"]: (row["owner"], str(row["price"])) for row in things.listed()} == prices


def test_a_fold_is_other_code_where_an_upcaster_is(release: Callable[..., None]) -> None:
    before = fingerprint(thing_list)
    release(2, owner_known)
    after = fingerprint(thing_list)
    assert after != before
    assert not thing_list.keyed


def test_an_event_that_no_upcaster_can_read_is_parked_and_its_page_is_not(
    things: Things, release: Callable[..., None]
) -> None:
    release(3, owner_known, price_is_text)
    bad = stored(things, 1, 2, ThingAdded.type, name="1")
    stored(things, 2, 2, ThingAdded.type, name="2", cents=250)
    things.project()
    assert [row["name"] for row in things.listed()] == ["2"]
    (letter,) = things.rows("SELECT * FROM cqrs.dead_letters WHERE subscription = %s", LIST)
    assert letter["position"] == bad
    assert "the upcaster from version 2 raised KeyError" in letter["error"]


def test_an_event_of_a_newer_release_is_waited_for(
    things: Things, release: Callable[..., None]
) -> None:
    position = stored(things, 1, 2, ThingPriced.type, price="2.00")
    things.add(2)
    done = things.project()
    assert done.folded == {PLACES: 1}
    checkpoint = things.checkpoint()
    assert checkpoint["position"] < position
    assert "a newer release wrote it" in checkpoint["error"]
    assert things.rows("SELECT * FROM cqrs.dead_letters") == []


def test_an_event_that_cannot_be_read_comes_without_its_data(
    things: Things, release: Callable[..., None]
) -> None:
    release(3, owner_known, lambda _data: None)
    stored(things, 1, 1, ThingAdded.type)
    stored(things, 1, 4, ThingAdded.type)
    bad, newer = event_log.read(things.connection, after=0, upto=things.last(), limit=9)
    with pytest.raises(UnreadableEvent, match="from version 2 raised TypeError: it returned None"):
        bad.data.get("name")
    with pytest.raises(NewerEvent, match="this code knows version 3"):
        dict(newer.data)


class Counted(Event):
    """Something was counted."""

    type: ClassVar[str] = "versions.Counted"
    schema_version: ClassVar[int] = 2
    former_types: ClassVar[tuple[str, ...]] = ("versions.Added",)
    by: int


class Count(Message):
    """How much was counted."""

    total: int


@upcaster(Counted, 1)
def _(data: dict[str, Any]) -> dict[str, Any]:
    return {"by": data["number"]}


def evolve(count: Count | None, event: Counted) -> Count:
    """Add it up."""
    return Count(total=(count.total if count else 0) + event.by)


counts = aggregate("versions.count", Count, evolve, [Counted], category="count")


def folded(*events: tuple[str, int, dict[str, Any]]) -> Count | None:
    """The state of a stream with these events, as a batch loads it."""
    states = AggregateStates()
    states.load([counts], [("count-a", counts.name, 0, len(events), None, json.dumps(events))])
    return states.get(counts, "a")


def test_an_aggregate_folds_old_events_and_says_which_it_cannot() -> None:
    old = ("versions.Added", 1, {"number": 2})
    assert folded(old, (Counted.type, 2, {"by": 3})) == Count(total=5)
    with pytest.raises(NewerEvent):
        folded(old, (Counted.type, 3, {"by": 3}))
    with pytest.raises(Exception, match=r"from version 1 raised KeyError.*version 2, versions.Add"):
        folded(old, ("versions.Added", 1, {"by": 2}))


def test_snapshots_from_before_an_event_changed_its_version_are_not_read() -> None:
    assert counts.shape == counts.schema_version + 1


def test_a_version_without_a_step_is_refused_when_the_system_starts(
    release: Callable[..., None],
) -> None:
    assert not [told for told in declarations.problems(None) if "upcaster" in told]
    release(3, owner_known)
    (told,) = [told for told in declarations.problems(None) if "upcaster" in told]
    assert "no upcaster leads from version 2 to 3" in told
    assert ThingAdded.type in told
    with pytest.raises(ValueError, match="two upcasters from one version"):
        upcaster(ThingAdded, 1)
    with pytest.raises(ValueError, match="below the event's own, 1 to 2"):
        upcaster(ThingAdded, 3)


def checked(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code of `cqrs events check`, and what it says of each kind."""
    monkeypatch.setattr(events_cli, "load_domains", lambda: None)
    done = CliRunner().invoke(events_cli.app, ["check", "--json", *arguments])
    kinds = json.loads(done.stdout)
    return done.exit_code, {f"{kind['type']} {kind['version']}": kind for kind in kinds}


def test_the_check_reads_every_stored_kind_against_todays_models(
    things: Things, release: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    things.fill(1, 9)
    assert checked(monkeypatch)[0] == 0
    release(2, owner_known, former=(OLD,))
    bad = stored(things, 10, 1, OLD, name="10", price="many")
    stored(things, 11, 1, OLD, name="11", price="1.00")
    stored(things, 12, 3, ThingAdded.type)
    stored(things, 13, 1, "things.ThingLost")
    for arguments in ((), ("--all",)):
        code, kinds = checked(monkeypatch, *arguments)
        assert code == 1
        old = kinds[f"{OLD} 1"]
        assert (old["events"], old["unreadable"], old["position"]) == (2, 1, bad)
        assert old["problem"].startswith("price: ")
        assert "this code knows version 2" in kinds[f"{ThingAdded.type} 3"]["problem"]
        assert "nothing that is loaded declares it" in kinds["things.ThingLost 1"]["problem"]
        assert kinds[f"{ThingPriced.type} 1"]["unreadable"] == 0
