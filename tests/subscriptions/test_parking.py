"""What a bad event does to its stream, and what it does not do to the others."""

from __future__ import annotations

import orjson
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from psycopg import errors as pg

from tests.support.things.history import LIST, PLACES, Things, tags_of
from tests.support.things.models import ThingMoved, thing_id
from tests.support.things.projections import mended
from worker.cache.server import CacheAway
from worker.event_log.unreadable import UnreadableData
from worker.subscriptions import dead_letters, runner
from worker.subscriptions.bisect import blames_an_event
from worker.subscriptions.errors import TooManyDeadLetters


def test_a_bad_event_is_parked_and_the_other_streams_flow(things: Things) -> None:
    things.move(1, "kiel")
    (bad,) = things.move(2, "nowhere")
    things.move(3, "kiel", "ulm")
    things.project()
    assert things.tracked() == {1: "kiel", 3: "kiel ulm"}
    assert things.checkpoint()["position"] == things.last()
    (letter,) = dead_letters.find()
    assert (letter.subscription, letter.stream, letter.position) == (LIST, "thing-2", bad)
    assert (letter.type, letter.attempts, letter.state) == ("things.ThingMoved", 1, "open")
    assert letter.error == "LookupError: there is no such place"


def test_later_events_of_the_stream_wait_behind_the_bad_one(things: Things) -> None:
    things.move(2, "kiel")
    things.move(2, "nowhere")
    things.move(1, "kiel")
    things.move(2, "ulm")
    things.project()
    things.move(2, "bonn")
    things.move(1, "bonn")
    things.project()
    assert things.tracked() == {1: "kiel bonn", 2: "kiel"}
    assert len(dead_letters.find()) == 1
    assert things.checkpoint()["position"] == things.last()


def test_a_subscription_without_trouble_handles_what_another_has_parked(things: Things) -> None:
    things.move(2, "nowhere", "ulm")
    things.project()
    assert things.held() == {"nowhere": 1, "ulm": 1}


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ({"place": "nowhere"}, "LookupError"),
        ({"thing_id": "seven"}, "UnfitValue"),
        ({"price": "1000000.00"}, "CheckViolation"),
        ({"price": "dear"}, "UnfitValue"),
    ],
    ids=["fold", "key", "constraint", "type"],
)
def test_one_bad_event_among_many_is_found_wherever_it_fails(
    things: Things, trouble: dict[str, str], error: str
) -> None:
    for thing in range(100, 140):
        things.move(thing, "kiel", "ulm")
    moved = {"thing_id": str(thing_id(2)), "place": "kiel", **trouble}
    (bad,) = things.append(2, ThingMoved(**moved))
    for thing in range(140, 180):
        things.move(thing, "kiel", "ulm")
    things.project()
    assert things.tracked() == dict.fromkeys(range(100, 180), "kiel ulm")
    (letter,) = dead_letters.find()
    assert letter.position == bad
    assert letter.error.startswith(error)


def test_an_event_that_no_program_can_read_is_parked_and_stops_nobody(things: Things) -> None:
    """jsonb takes a number that nothing else does: by SQL, on an event that was stored."""
    things.move(1, "kiel")
    (bad,) = things.move(2, "kiel")
    things.move(3, "kiel")
    things.connection.execute("ALTER TABLE cqrs.events DISABLE TRIGGER ALL")
    things.connection.execute(
        "UPDATE cqrs.events SET data = data || '{\"place\": 1e400}' WHERE position = %s", [bad]
    )
    things.project()
    assert things.tracked() == {1: "kiel", 3: "kiel"}
    letters = dead_letters.find()
    assert {(one.subscription, one.position) for one in letters} == {(LIST, bad), (PLACES, bad)}
    assert {one.error.partition(":")[2][:32] for one in letters} == {
        " the event's data cannot be read"
    }
    with pytest.raises(TypeError, match="not JSON serializable"):
        orjson.dumps(UnreadableData("why"))


def test_every_bad_event_of_a_batch_is_parked_once(things: Things) -> None:
    bad = [
        things.move(thing, "kiel", "nowhere" if thing % 7 == 0 else "ulm", "bonn")[1]
        for thing in range(50)
    ]
    things.project()
    assert sorted(one.position for one in dead_letters.find()) == bad[::7]
    whole = {thing: "kiel ulm bonn" for thing in range(50) if thing % 7}
    assert things.tracked() == whole | dict.fromkeys(range(0, 50, 7), "kiel")


def test_the_tags_of_what_was_handled_are_noted_and_no_others(things: Things) -> None:
    things.move(1, "kiel")
    things.move(2, "nowhere")
    things.project()
    assert things.noted() == [(tags_of(1), things.last())]


def test_a_missing_table_parks_nothing_and_keeps_the_place(things: Things) -> None:
    things.connection.execute("ALTER TABLE query.things_v1 RENAME TO gone")
    things.move(1, "kiel")
    things.project()
    assert dead_letters.find() == []
    assert things.checkpoint()["position"] == 0
    assert "UndefinedTable" in things.checkpoint()["error"]
    things.connection.execute("ALTER TABLE query.gone RENAME TO things_v1")
    things.project()
    assert things.tracked() == {1: "kiel"}
    assert things.checkpoint()["error"] is None


def test_a_subscription_that_fails_everywhere_stops_before_it_parks_everything(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "MOST_OPEN", 3)
    for thing in range(5):
        things.move(thing, "nowhere")
    things.project()
    assert dead_letters.find() == []
    checkpoint = things.checkpoint()
    assert checkpoint["position"] == 0
    assert checkpoint["error"].startswith(TooManyDeadLetters.__name__)
    with mended("nowhere"):
        things.project()
    assert things.tracked() == dict.fromkeys(range(5), "nowhere")


def test_a_failing_batch_leaves_the_connection_fit_for_others(things: Things) -> None:
    things.move(2, "nowhere")
    progress = runner.catch_up()
    assert progress.folded[PLACES] == 1
    assert progress.caught_up


@pytest.mark.parametrize(
    ("error", "blamed"),
    [
        (LookupError("a bug of the fold"), True),
        (pg.NumericValueOutOfRange(), True),
        (pg.UniqueViolation(), True),
        (pg.RaiseException(), True),
        (pg.CardinalityViolation(), True),
        (pg.UndefinedTable(), False),
        (pg.DiskFull(), False),
        (pg.DeadlockDetected(), False),
        (pg.AdminShutdown(), False),
        (pg.QueryCanceled(), False),
        (CacheAway("the cache", "redis://", "away", "start it"), False),
        (SoftTimeLimitExceeded(), False),
    ],
)
def test_an_event_is_to_blame_for_what_another_one_would_not_meet(
    error: Exception, *, blamed: bool
) -> None:
    assert blames_an_event(error) is blamed


def test_letters_that_are_closed_take_no_room(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "MOST_OPEN", 1)
    for thing in (1, 2):
        things.move(thing, "nowhere")
        things.project()
        (letter,) = dead_letters.find()
        dead_letters.discard(letter.id, by="ada")
    assert things.checkpoint()["error"] is None
