"""Getting a parked stream moving again: retry, discard, and what they leave behind."""

from __future__ import annotations

import pytest

from tests.subscriptions.conftest import Parcels
from tests.subscriptions.parcels.projections import mended
from tests.support.messages import sent
from worker.subscriptions import dead_letters
from worker.subscriptions.dead_letters import (
    LetterIsClosed,
    OtherVersion,
    RetryFailed,
    UnknownLetter,
)

TRACKING = "parcels.tracking"


def open_letter(parcels: Parcels) -> int:
    """The one letter that is open after a run."""
    parcels.catch_up()
    (letter,) = dead_letters.letters()
    return letter.id


def test_retry_replays_the_stream_in_order_once_the_cause_is_mended(parcels: Parcels) -> None:
    parcels.move(2, "kiel", "nowhere", "ulm")
    parcels.move(1, "kiel")
    letter = open_letter(parcels)
    parcels.move(2, "bonn")
    parcels.catch_up()
    with mended("nowhere"):
        repair = dead_letters.retry(letter, by="ada")
    assert repair.replayed == 3
    assert parcels.tracked() == {1: "kiel", 2: "kiel nowhere ulm bonn"}
    assert (repair.letter.state, repair.letter.closed_by) == ("retried", "ada")
    assert dead_letters.letters() == []


def test_a_repaired_stream_flows_again(parcels: Parcels) -> None:
    parcels.move(2, "nowhere")
    letter = open_letter(parcels)
    with mended("nowhere"):
        dead_letters.retry(letter, by="ada")
    assert parcels.checkpoint()["letters"] == 0
    parcels.move(2, "ulm")
    parcels.catch_up()
    assert parcels.tracked() == {2: "nowhere ulm"}


def test_a_repaired_stream_flows_again_though_another_one_waits_still(parcels: Parcels) -> None:
    parcels.move(1, "nowhere")
    letter = open_letter(parcels)
    parcels.move(2, "nowhere")
    parcels.catch_up()
    dead_letters.discard(letter, by="ada")
    parcels.move(1, "ulm")
    parcels.catch_up()
    assert parcels.tracked() == {1: "ulm"}


def test_events_that_the_runner_has_not_reached_are_left_to_it(parcels: Parcels) -> None:
    parcels.move(2, "nowhere")
    letter = open_letter(parcels)
    parcels.move(2, "ulm")  # committed, but not read yet
    with mended("nowhere"):
        assert dead_letters.retry(letter, by="ada").replayed == 1
    parcels.catch_up()
    assert parcels.tracked() == {2: "nowhere ulm"}


def test_a_retry_that_fails_changes_nothing_but_the_count(parcels: Parcels) -> None:
    parcels.move(2, "kiel", "nowhere", "ulm")
    letter = open_letter(parcels)
    with pytest.raises(RetryFailed, match=r"no such place \(letter 1, stream parcel-2, position 2"):
        dead_letters.retry(letter, by="ada")
    assert parcels.tracked() == {2: "kiel"}
    (still,) = dead_letters.letters()
    assert (still.attempts, still.state) == (2, "open")
    assert still.last_failed_at > still.first_failed_at


def test_a_retry_that_fails_at_a_later_event_replays_none(parcels: Parcels) -> None:
    parcels.move(2, "nowhere", "ulm")
    parcels.move(2, "kiel", weight="heavy")
    letter = open_letter(parcels)
    with mended("nowhere"), pytest.raises(RetryFailed, match="position 3") as failed:
        dead_letters.retry(letter, by="ada")
    assert failed.value.bad.event.data["weight"] == "heavy"
    assert parcels.tracked() == {}


def test_discard_drops_the_bad_event_and_replays_the_rest(parcels: Parcels) -> None:
    parcels.move(2, "kiel", "nowhere", "ulm", "bonn")
    repair = dead_letters.discard(open_letter(parcels), by="ada")
    assert (repair.replayed, repair.parked_again) == (2, None)
    assert parcels.tracked() == {2: "kiel ulm bonn"}
    (letter,) = dead_letters.letters(closed=True)
    assert (letter.state, letter.closed_by) == ("discarded", "ada")
    assert letter.closed_at is not None


def test_a_later_bad_event_is_parked_again_by_discard(parcels: Parcels) -> None:
    first, _, second, _ = parcels.move(2, "nowhere", "ulm", "nowhere", "bonn")
    repair = dead_letters.discard(open_letter(parcels), by="ada")
    assert (repair.letter.position, repair.parked_again) == (first, second)
    assert parcels.tracked() == {2: "ulm"}
    (letter,) = dead_letters.letters()
    assert letter.position == second
    dead_letters.discard(letter.id, by="ada")
    assert parcels.tracked() == {2: "ulm bonn"}


def test_a_closed_letter_is_neither_retried_nor_discarded_again(parcels: Parcels) -> None:
    parcels.move(2, "nowhere")
    letter = open_letter(parcels)
    dead_letters.discard(letter, by="ada")
    for again in (dead_letters.retry, dead_letters.discard):
        with pytest.raises(LetterIsClosed, match="discarded by ada"):
            again(letter, by="bob")


def test_a_letter_that_never_was_is_named(parcels: Parcels) -> None:
    for act in (dead_letters.retry, dead_letters.discard):
        with pytest.raises(UnknownLetter, match="letter 17"):
            act(17, by="ada")
    with pytest.raises(UnknownLetter, match="letter 17"):
        dead_letters.show(17)


def test_show_tells_the_bad_event_and_what_is_parked_behind_it(parcels: Parcels) -> None:
    parcels.move(2, "kiel", "nowhere")
    parcels.move(1, "kiel")
    parcels.move(2, "ulm")
    contents = dead_letters.show(open_letter(parcels))
    assert [event.data["place"] for event in contents.events] == ["nowhere", "ulm"]
    assert contents.to_json()["events"][0]["stream"] == "parcel-2"


def test_a_repair_writes_into_the_table_that_is_live(parcels: Parcels) -> None:
    parcels.move(2, "nowhere")
    letter = open_letter(parcels)
    parcels.connection.execute("CREATE TABLE query.newer (LIKE query.parcels_v1 INCLUDING ALL)")
    parcels.connection.execute("UPDATE cqrs.subscriptions SET read_table = 'newer'")
    with mended("nowhere"):
        dead_letters.retry(letter, by="ada")
    rows = parcels.connection.execute("SELECT parcel FROM query.newer").fetchall()
    assert (rows, parcels.tracked()) == ([(2,)], {})


def test_code_of_another_version_repairs_nothing(parcels: Parcels) -> None:
    parcels.move(2, "nowhere")
    letter = open_letter(parcels)
    parcels.connection.execute("UPDATE cqrs.subscriptions SET shape = 2")
    with mended("nowhere"), pytest.raises(OtherVersion, match="another version of the code"):
        dead_letters.retry(letter, by="ada")
    assert parcels.tracked() == {}


def test_retry_all_goes_on_past_what_still_fails(parcels: Parcels) -> None:
    parcels.move(1, "nowhere")
    parcels.move(2, "kiel", weight="heavy")
    parcels.move(3, "nowhere", "ulm")
    parcels.catch_up()
    with mended("nowhere"):
        done = dead_letters.retry_all(TRACKING, by="ada")
    assert [isinstance(one, RetryFailed) for one in done] == [False, True, False]
    assert parcels.tracked() == {1: "nowhere", 3: "nowhere ulm"}


def test_repairs_note_the_tags_of_what_they_changed(parcels: Parcels) -> None:
    parcels.move(2, "nowhere")
    letter = open_letter(parcels)
    assert parcels.connection.execute("SELECT FROM cqrs.invalidations").fetchall() == []
    with mended("nowhere"):
        dead_letters.retry(letter, by="ada")
    rows = parcels.connection.execute("SELECT tags FROM cqrs.invalidations").fetchall()
    assert rows == [(["parcel:2"],)]


def test_all_letters_are_retried_the_oldest_first(parcels: Parcels) -> None:
    for parcel in (1, 2, 3):
        parcels.move(parcel, "nowhere")
        parcels.catch_up()
    with mended("nowhere"):
        done = dead_letters.retry_all("parcels.tracking", by="ada")
    assert [one.letter.stream for one in done] == ["parcel-1", "parcel-2", "parcel-3"]


def test_whoever_repairs_has_the_cache_told_at_once(parcels: Parcels) -> None:
    parcels.move(1, "nowhere")
    parcels.catch_up()
    (letter,) = dead_letters.letters()
    sent("projections")
    with mended("nowhere"):
        dead_letters.retry(letter.id, by="ada")
    assert [one.task for one in sent("projections")] == ["cqrs.invalidate"]
