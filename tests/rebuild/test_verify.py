"""The verifier finds rows that are not what the log says, and says which."""

from __future__ import annotations

import pytest

from tests.rebuild.conftest import ReadModels
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import thing_id
from worker.event_log.subscribers import subscriptions
from worker.ops import subscription_admin
from worker.rebuild import UnknownProjection, verify
from worker.rebuild.errors import NotComparable
from worker.subscriptions import dead_letters
from worker.subscriptions.projection import Projection


def test_rows_that_are_right_are_found_right(things: ReadModels) -> None:
    things.fill()
    things.project()
    for name, rows in ((LIST, 30), (PLACES, 3)):
        found = verify.verify(name, sample=1_000)
        assert (found.differing, found.checked, found.complete) == (0, rows, False)
        assert found.position == things.one("SELECT max(position) FROM cqrs.events")


@pytest.mark.parametrize("name", [LIST, PLACES])
def test_a_small_sample_is_right_too(things: ReadModels, name: str) -> None:
    things.fill()
    things.project()
    for _ in range(5):
        found = verify.verify(name, sample=4)
        assert found.differing == 0
        assert found.checked > 0


def test_an_empty_read_model_is_right(things: ReadModels) -> None:
    assert verify.verify(LIST).checked == 0
    assert verify.verify_all(LIST).checked == 0


def test_tampered_missing_and_invented_rows_are_found(things: ReadModels) -> None:
    things.fill()
    things.project()
    change = "UPDATE query.things SET price = price + 1 WHERE thing_id = %s"
    things.connection.execute(change, [thing_id(1)])
    things.connection.execute("DELETE FROM query.things WHERE thing_id = %s", [thing_id(2)])
    invent = "UPDATE query.things SET thing_id = %s WHERE thing_id = %s"
    things.connection.execute(invent, [thing_id(99), thing_id(3)])
    before = things.listed()
    wanted = {
        str(thing_id(1)): "different",
        str(thing_id(2)): "missing",
        str(thing_id(3)): "missing",
        str(thing_id(99)): "extra",
    }
    for found in (verify.verify(LIST, sample=1_000), verify.verify_all(LIST)):
        assert {one.key: one.kind for one in found.drift} == wanted
        assert found.differing == 4
    assert things.listed() == before


def test_a_row_of_many_streams_is_found_when_it_is_tampered_with(things: ReadModels) -> None:
    things.fill()
    things.project()
    things.connection.execute("UPDATE query.thing_places SET held = 0 WHERE place = 'p2'")
    (drift,) = verify.verify(PLACES).drift
    assert (drift.key, drift.columns["held"][0]) == ("p2", 0)


def test_what_is_verified_is_written_down(things: ReadModels) -> None:
    things.fill(1, 5)
    things.project()
    things.connection.execute("DELETE FROM query.things WHERE thing_id = %s", [thing_id(2)])
    verify.verify(LIST)
    verify.verify_all(LIST)
    rows = things.rows("SELECT * FROM cqrs.verifications ORDER BY verification_id")
    assert [(row["complete"], row["differing"]) for row in rows] == [(False, 1), (True, 1)]
    assert rows[0]["drift"][0]["key"] == str(thing_id(2))


def test_parked_events_are_no_drift(things: ReadModels) -> None:
    things.add(1)
    things.reprice(1, "not money")
    things.reprice(1, "5.00")
    things.project()
    assert verify.verify(LIST).differing == 0
    assert verify.verify_all(LIST).differing == 0
    dead_letters.discard(things.one("SELECT letter_id FROM cqrs.dead_letters"), by="test")
    assert verify.verify(LIST).differing == 0
    assert str(things.listed()[0]["price"]) == "5.00"


def test_events_that_the_live_table_has_not_read_yet_are_no_drift(things: ReadModels) -> None:
    things.fill(1, 9)
    things.project()
    things.fill(10, 20)
    assert verify.verify(LIST).differing == 0
    assert verify.verify_all(LIST).differing == 0


def test_partitions_at_different_places_are_verified_each_at_its_own(things: ReadModels) -> None:
    things.fill(1, 9)
    things.project()
    subscription_admin.set_partitions(LIST, 2)
    pause = "UPDATE cqrs.subscriptions SET paused = true WHERE name = %s"
    things.connection.execute(pause, [f"{LIST}#1"])
    things.fill(10, 20)
    things.project()
    assert 9 < len(things.listed()) < 18
    assert verify.verify(LIST, sample=1_000).differing == 0


def test_a_table_of_another_version_is_not_compared(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = Projection(LIST, subscriptions.get(LIST).table, version=2)  # type: ignore[union-attr]
    monkeypatch.setitem(subscriptions._items, LIST, newer)
    for look in (verify.verify, verify.verify_all):
        with pytest.raises(NotComparable, match="rebuild it"):
            look(LIST)


def test_an_unknown_projection_is_refused(things: ReadModels) -> None:
    with pytest.raises(UnknownProjection, match=r"did you mean things\.places"):
        verify.verify("things.place")
