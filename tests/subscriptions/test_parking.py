"""What a bad event does to its stream, and what it does not do to the others."""

from __future__ import annotations

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from psycopg import errors as pg

from tests.subscriptions.conftest import Parcels
from tests.subscriptions.parcels.projections import mended
from worker.cache.server import CacheAway
from worker.subscriptions import dead_letters, parking, runner
from worker.subscriptions.bisect import TooManyDeadLetters, blames_an_event

TRACKING = "parcels.tracking"


def test_a_bad_event_is_parked_and_the_other_streams_flow(parcels: Parcels) -> None:
    parcels.move(1, "kiel")
    (bad,) = parcels.move(2, "nowhere")
    parcels.move(3, "kiel", "ulm")
    parcels.catch_up()
    assert parcels.tracked() == {1: "kiel", 3: "kiel ulm"}
    assert parcels.checkpoint()["position"] == parcels.last()
    (letter,) = dead_letters.letters()
    assert (letter.subscription, letter.stream, letter.position) == (TRACKING, "parcel-2", bad)
    assert (letter.type, letter.attempts, letter.state) == ("parcels.ParcelMoved", 1, "open")
    assert letter.error == "LookupError: there is no such place"


def test_later_events_of_the_stream_wait_behind_the_bad_one(parcels: Parcels) -> None:
    parcels.move(2, "kiel")
    parcels.move(2, "nowhere")
    parcels.move(1, "kiel")
    parcels.move(2, "ulm")
    parcels.catch_up()
    parcels.move(2, "bonn")
    parcels.move(1, "bonn")
    parcels.catch_up()
    assert parcels.tracked() == {1: "kiel bonn", 2: "kiel"}
    assert len(dead_letters.letters()) == 1
    assert parcels.checkpoint()["position"] == parcels.last()


def test_a_subscription_without_trouble_handles_what_another_has_parked(parcels: Parcels) -> None:
    parcels.move(2, "nowhere", "ulm")
    parcels.catch_up()
    assert parcels.arrivals() == {"nowhere": 1, "ulm": 1}


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ({"parcel": 2, "place": "nowhere"}, "LookupError"),
        ({"parcel": "seven", "place": "kiel"}, "InvalidTextRepresentation"),
        ({"parcel": 2, "place": "kiel", "weight": "1000.00"}, "CheckViolation"),
        ({"parcel": 2, "place": "kiel", "weight": "heavy"}, "InvalidTextRepresentation"),
    ],
    ids=["fold", "key", "constraint", "type"],
)
def test_one_bad_event_among_many_is_found_wherever_it_fails(
    parcels: Parcels, trouble: dict[str, str], error: str
) -> None:
    for parcel in range(100, 140):
        parcels.move(parcel, "kiel", "ulm")
    (bad,) = parcels.move(trouble["parcel"], trouble["place"], weight=trouble.get("weight", "1"))
    for parcel in range(140, 180):
        parcels.move(parcel, "kiel", "ulm")
    parcels.catch_up()
    assert parcels.tracked() == dict.fromkeys(range(100, 180), "kiel ulm")
    (letter,) = dead_letters.letters()
    assert letter.position == bad
    assert letter.error.startswith(error)


def test_every_bad_event_of_a_batch_is_parked_once(parcels: Parcels) -> None:
    bad = [
        parcels.move(parcel, "kiel", "nowhere" if parcel % 7 == 0 else "ulm", "bonn")[1]
        for parcel in range(50)
    ]
    parcels.catch_up()
    assert sorted(one.position for one in dead_letters.letters()) == bad[::7]
    whole = {parcel: "kiel ulm bonn" for parcel in range(50) if parcel % 7}
    assert parcels.tracked() == whole | dict.fromkeys(range(0, 50, 7), "kiel")


def test_the_tags_of_what_was_handled_are_noted_and_no_others(parcels: Parcels) -> None:
    parcels.move(1, "kiel")
    parcels.move(2, "nowhere")
    parcels.catch_up()
    rows = parcels.connection.execute("SELECT tags, position FROM cqrs.invalidations").fetchall()
    assert rows == [(["parcel:1"], parcels.last())]


def test_a_missing_table_parks_nothing_and_keeps_the_place(parcels: Parcels) -> None:
    parcels.connection.execute("ALTER TABLE query.parcels_v1 RENAME TO gone")
    parcels.move(1, "kiel")
    parcels.catch_up()
    assert dead_letters.letters() == []
    assert parcels.checkpoint()["position"] == 0
    assert "UndefinedTable" in parcels.checkpoint()["error"]
    parcels.connection.execute("ALTER TABLE query.gone RENAME TO parcels_v1")
    parcels.catch_up()
    assert parcels.tracked() == {1: "kiel"}
    assert parcels.checkpoint()["error"] is None


def test_a_subscription_that_fails_everywhere_stops_before_it_parks_everything(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "MOST_OPEN", 3)
    for parcel in range(5):
        parcels.move(parcel, "nowhere")
    parcels.catch_up()
    assert dead_letters.letters() == []
    checkpoint = parcels.checkpoint()
    assert checkpoint["position"] == 0
    assert checkpoint["error"].startswith(TooManyDeadLetters.__name__)
    with mended("nowhere"):
        parcels.catch_up()
    assert parcels.tracked() == dict.fromkeys(range(5), "nowhere")


def test_a_failing_batch_leaves_the_connection_fit_for_others(parcels: Parcels) -> None:
    parcels.move(2, "nowhere")
    progress = runner.catch_up()
    assert progress.folded["parcels.arrivals"] == 1
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
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking, "MOST_OPEN", 1)
    for parcel in (1, 2):
        parcels.move(parcel, "nowhere")
        parcels.catch_up()
        (letter,) = dead_letters.letters()
        dead_letters.discard(letter.id, by="ada")
    assert parcels.checkpoint()["error"] is None
