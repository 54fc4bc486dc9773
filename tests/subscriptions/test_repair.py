"""Getting a parked stream moving again: retry, discard, and what they leave behind."""

from __future__ import annotations

import pytest

from tests.support.messages import sent
from tests.support.things.history import LIST, Things, tags_of
from tests.support.things.projections import mended
from worker.subscriptions import dead_letters
from worker.subscriptions.errors import (
    DeadLetterIsClosed,
    OtherTableVersion,
    RetryFailed,
    UnknownDeadLetter,
)


def open_letter(things: Things) -> int:
    """The one letter that is open after a run."""
    things.project()
    (letter,) = dead_letters.find()
    return letter.id


def test_retry_replays_the_stream_in_order_once_the_cause_is_mended(things: Things) -> None:
    things.move(2, "kiel", "nowhere", "ulm")
    things.move(1, "kiel")
    letter = open_letter(things)
    things.move(2, "bonn")
    things.project()
    with mended("nowhere"):
        repair = dead_letters.retry(letter, by="ada")
    assert repair.replayed == 3
    assert things.tracked() == {1: "kiel", 2: "kiel nowhere ulm bonn"}
    assert (repair.letter.state, repair.letter.closed_by) == ("retried", "ada")
    assert dead_letters.find() == []


def test_a_repaired_stream_flows_again(things: Things) -> None:
    things.move(2, "nowhere")
    letter = open_letter(things)
    with mended("nowhere"):
        dead_letters.retry(letter, by="ada")
    assert things.checkpoint()["letters"] == 0
    things.move(2, "ulm")
    things.project()
    assert things.tracked() == {2: "nowhere ulm"}


def test_a_repaired_stream_flows_again_though_another_one_waits_still(things: Things) -> None:
    things.move(1, "nowhere")
    letter = open_letter(things)
    things.move(2, "nowhere")
    things.project()
    dead_letters.discard(letter, by="ada")
    things.move(1, "ulm")
    things.project()
    assert things.tracked() == {1: "ulm"}


def test_events_that_the_runner_has_not_reached_are_left_to_it(things: Things) -> None:
    things.move(2, "nowhere")
    letter = open_letter(things)
    things.move(2, "ulm")  # committed, but not read yet
    with mended("nowhere"):
        assert dead_letters.retry(letter, by="ada").replayed == 1
    things.project()
    assert things.tracked() == {2: "nowhere ulm"}


def test_a_retry_that_fails_changes_nothing_but_the_count(things: Things) -> None:
    things.move(2, "kiel", "nowhere", "ulm")
    letter = open_letter(things)
    with pytest.raises(RetryFailed, match=r"no such place \(letter 1, stream thing-2, position 2"):
        dead_letters.retry(letter, by="ada")
    assert things.tracked() == {2: "kiel"}
    (still,) = dead_letters.find()
    assert (still.attempts, still.state) == (2, "open")
    assert still.last_failed_at > still.first_failed_at


def test_a_retry_that_fails_at_a_later_event_replays_none(things: Things) -> None:
    things.move(2, "nowhere", "ulm")
    things.move(2, "kiel", price="dear")
    letter = open_letter(things)
    with mended("nowhere"), pytest.raises(RetryFailed, match="position 3"):
        dead_letters.retry(letter, by="ada")
    assert things.tracked() == {}


def test_discard_drops_the_bad_event_and_replays_the_rest(things: Things) -> None:
    things.move(2, "kiel", "nowhere", "ulm", "bonn")
    repair = dead_letters.discard(open_letter(things), by="ada")
    assert (repair.replayed, repair.parked_again) == (2, None)
    assert things.tracked() == {2: "kiel ulm bonn"}
    (letter,) = dead_letters.find(closed=True)
    assert (letter.state, letter.closed_by) == ("discarded", "ada")
    assert letter.closed_at is not None


def test_a_later_bad_event_is_parked_again_by_discard(things: Things) -> None:
    first, _, second, _ = things.move(2, "nowhere", "ulm", "nowhere", "bonn")
    repair = dead_letters.discard(open_letter(things), by="ada")
    assert (repair.letter.position, repair.parked_again) == (first, second)
    assert things.tracked() == {2: "ulm"}
    (letter,) = dead_letters.find()
    assert letter.position == second
    dead_letters.discard(letter.id, by="ada")
    assert things.tracked() == {2: "ulm bonn"}


def test_a_closed_letter_is_neither_retried_nor_discarded_again(things: Things) -> None:
    things.move(2, "nowhere")
    letter = open_letter(things)
    dead_letters.discard(letter, by="ada")
    for again in (dead_letters.retry, dead_letters.discard):
        with pytest.raises(DeadLetterIsClosed, match="discarded by ada"):
            again(letter, by="bob")


def test_a_letter_that_never_was_is_named(things: Things) -> None:
    for act in (dead_letters.retry, dead_letters.discard):
        with pytest.raises(UnknownDeadLetter, match="letter 17"):
            act(17, by="ada")
    with pytest.raises(UnknownDeadLetter, match="letter 17"):
        dead_letters.contents(17)


def test_show_tells_the_bad_event_and_what_is_parked_behind_it(things: Things) -> None:
    things.move(2, "kiel", "nowhere")
    things.move(1, "kiel")
    things.move(2, "ulm")
    contents = dead_letters.contents(open_letter(things))
    assert [event.data["place"] for event in contents.events] == ["nowhere", "ulm"]
    assert contents.to_json()["events"][0]["stream"] == "thing-2"


def test_a_repair_writes_into_the_table_that_is_live(things: Things) -> None:
    things.move(2, "nowhere")
    letter = open_letter(things)
    things.connection.execute("CREATE TABLE query.newer (LIKE query.things_v1 INCLUDING ALL)")
    things.connection.execute("UPDATE cqrs.subscriptions SET read_table = 'newer'")
    with mended("nowhere"):
        dead_letters.retry(letter, by="ada")
    rows = things.connection.execute("SELECT name FROM query.newer").fetchall()
    assert (rows, things.tracked()) == ([("2",)], {})


def test_code_of_another_version_repairs_nothing(things: Things) -> None:
    things.move(2, "nowhere")
    letter = open_letter(things)
    things.connection.execute("UPDATE cqrs.subscriptions SET shape = 2")
    with mended("nowhere"), pytest.raises(OtherTableVersion, match="another version of the code"):
        dead_letters.retry(letter, by="ada")
    assert things.tracked() == {}


def test_retry_all_goes_on_past_what_still_fails(things: Things) -> None:
    things.move(1, "nowhere")
    things.move(2, "kiel", price="dear")
    things.move(3, "nowhere", "ulm")
    things.project()
    with mended("nowhere"):
        done = dead_letters.retry_all(LIST, by="ada")
    assert [isinstance(one, RetryFailed) for one in done] == [False, True, False]
    assert things.tracked() == {1: "nowhere", 3: "nowhere ulm"}


def test_repairs_note_the_tags_of_what_they_changed(things: Things) -> None:
    things.move(2, "nowhere")
    letter = open_letter(things)
    assert things.noted() == []
    with mended("nowhere"):
        dead_letters.retry(letter, by="ada")
    assert things.noted() == [(tags_of(2), things.last())]


def test_all_letters_are_retried_the_oldest_first(things: Things) -> None:
    for thing in (1, 2, 3):
        things.move(thing, "nowhere")
        things.project()
    with mended("nowhere"):
        done = dead_letters.retry_all(LIST, by="ada")
    assert [one.letter.stream for one in done if isinstance(one, dead_letters.Repair)] == [
        "thing-1",
        "thing-2",
        "thing-3",
    ]


def test_whoever_repairs_has_the_cache_told_at_once(things: Things) -> None:
    things.move(1, "nowhere")
    things.project()
    (letter,) = dead_letters.find()
    sent("projections")
    with mended("nowhere"):
        dead_letters.retry(letter.id, by="ada")
    assert [one.task for one in sent("projections")] == ["cqrs.invalidate"]
