"""A projection split among workers: every event once, in order, wherever it is handled."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.subscriptions.test_deaths import taker
from tests.support.things.history import LIST, PLACES, Things
from tests.support.things.projections import GROUP, mended, place_list, thing_list
from tests.support.workers import Workers, until
from worker.commands import after_commit
from worker.ops import subscription_admin
from worker.ops.subscription_admin import PartitionsApart
from worker.subscriptions import checkpoints, dead_letters
from worker.subscriptions.checkpoints import partition_of
from worker.subscriptions.errors import CannotPartition
from worker.testing import promises

ALL = dict.fromkeys(range(60), "kiel ulm bonn")


def checkpoint_of(things: Things) -> int:
    """What readers are told."""
    rows = things.connection.execute(
        "SELECT position FROM query.checkpoints WHERE name = %s", [LIST]
    ).fetchall()
    return int(rows[0][0])


def move_all(things: Things) -> None:
    for place in ("kiel", "ulm", "bonn"):
        for thing in ALL:
            things.move(thing, place)


def test_each_partition_handles_its_own_streams_and_together_they_handle_all(
    things: Things,
) -> None:
    assert subscription_admin.set_partitions(LIST, 4).partitions == 4
    move_all(things)
    things.project()
    assert things.tracked() == ALL
    places = checkpoints.of(things.connection, LIST)
    assert [place.name for place in places] == [f"{LIST}#{n}" for n in range(4)]
    assert {place.position for place in places} == {things.last()}


def test_readers_are_told_the_lowest_position_of_all_partitions(
    things: Things, database: Database
) -> None:
    subscription_admin.set_partitions(LIST, 2)
    move_all(things)
    with taker(database, f"{LIST}#1"):
        things.project()
        assert things.checkpoint(f"{LIST}#0")["position"] == things.last()
        assert checkpoint_of(things) == 0
    things.project()
    assert checkpoint_of(things) == things.last()
    assert things.tracked() == ALL


def test_an_unsplit_subscription_is_told_as_before(things: Things) -> None:
    things.move(1, "kiel")
    things.project()
    assert checkpoint_of(things) == 1


def test_the_number_changes_only_when_all_are_at_one_position(
    things: Things, database: Database
) -> None:
    subscription_admin.set_partitions(LIST, 2)
    move_all(things)
    with taker(database, f"{LIST}#1"):
        things.project()
    with pytest.raises(PartitionsApart, match="positions 180, 0"):
        subscription_admin.set_partitions(LIST, 3, timeout=0)
    assert subscription_admin.set_partitions(LIST, 3).partitions == 3
    assert things.tracked() == ALL


def test_one_whole_again_it_goes_on_where_the_partitions_were(things: Things) -> None:
    subscription_admin.set_batch_size(LIST, 7)
    subscription_admin.set_partitions(LIST, 3)
    move_all(things)
    things.project()
    whole = subscription_admin.set_partitions(LIST, 1)
    assert (whole.partitions, whole.position, whole.batch_size) == (1, things.last(), 7)
    things.move(99, "kiel")
    things.project()
    assert things.tracked() == ALL | {99: "kiel"}
    assert list(things.checkpoint(f"{LIST}#0")) == []


def test_what_is_divided_is_operated_as_before(things: Things) -> None:
    subscription_admin.set_batch_size(LIST, 7)
    move_all(things)
    things.move(99, "nowhere")
    things.project()
    before = things.checkpoint()
    subscription_admin.pause(LIST)
    subscription_admin.set_partitions(LIST, 2)
    for part in (things.checkpoint(f"{LIST}#{number}") for number in (0, 1)):
        kept = ("paused", "batch_size", "changed_position", "letters", "read_table", "shape")
        assert {name: part[name] for name in kept} == {
            name: {**before, "paused": True}[name] for name in kept
        }


def test_a_batch_planned_for_another_number_of_partitions_is_not_handled(
    things: Things,
) -> None:
    subscription_admin.set_partitions(LIST, 2)
    (stale, _) = checkpoints.read(things.connection, [LIST])
    subscription_admin.set_partitions(LIST, 3)
    with things.connection.transaction():
        taken = things.connection.execute(
            checkpoints.SQL["take"],
            {
                "name": stale.name,
                "position": stale.position,
                "partitions": stale.partitions,
                "deaths": 0,
                "mark": None,
                "table": stale.read_table,
            },
        )
        assert taken.fetchone() is None


@pytest.mark.parametrize("name", [PLACES, "orders.product_inventory"])
def test_a_projection_that_collects_from_many_streams_is_not_split(
    things: Things, name: str
) -> None:
    with pytest.raises(CannotPartition, match=r"from many streams.*declare.*by_stream=True"):
        subscription_admin.set_partitions(name, 2)
    assert subscription_admin.set_partitions(name, 1).partitions == 1


def test_shipped_projections_that_are_by_stream_can_be_split(database: Database) -> None:
    for name in ("orders.order_summaries", "banking.account_summaries"):
        assert subscription_admin.set_partitions(name, 4).partitions == 4


def test_a_promise_that_the_log_shows_broken_is_not_believed(
    things: Things, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_list, "by_stream", True)
    things.move("who", "ulm")
    things.move(1, "kiel", "ulm")
    with pytest.raises(CannotPartition, match="row ulm from thing-who and thing-1"):
        subscription_admin.set_partitions(PLACES, 2)
    (found,) = promises.broken(database.url)  # what every test is asked when it ends
    assert found == "things.places: row ulm from thing-who and thing-1"


def test_a_projection_that_is_split_stands_still_when_its_code_promises_it_no_more(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription_admin.set_partitions(LIST, 2)
    with monkeypatch.context() as released:
        released.setattr(thing_list, "by_stream", False)
        move_all(things)
        things.project()
        assert things.tracked() == {}
        errors = [things.checkpoint(f"{LIST}#{n}")["error"] for n in range(2)]
        assert all("make it whole with `cqrs subscriptions partition" in one for one in errors)
        assert subscription_admin.set_partitions(LIST, 1).partitions == 1
        things.project()
    assert things.tracked() == ALL
    assert things.checkpoint()["error"] is None


@pytest.mark.parametrize("partitions", [0, -1, 65])
def test_a_number_of_partitions_out_of_range_is_refused(things: Things, partitions: int) -> None:
    with pytest.raises(CannotPartition, match="1 to 64"):
        subscription_admin.set_partitions(LIST, partitions)


@pytest.mark.parametrize("thing", [3, 4])
def test_a_letter_is_replayed_as_far_as_its_own_partition_has_read(
    things: Things, thing: int
) -> None:
    subscription_admin.set_partitions(LIST, 2)
    things.move(thing, "nowhere", "ulm")
    things.project()
    own = partition_of(f"thing-{thing}", 2)
    behind = "UPDATE cqrs.subscriptions SET position = 0 WHERE name = %s"
    things.connection.execute(behind, [f"{LIST}#{1 - own}"])
    (letter,) = dead_letters.find()
    with mended("nowhere"):
        assert dead_letters.retry(letter.id, by="ada").replayed == 2
    assert things.tracked() == {thing: "nowhere ulm"}
    letters = [at.dead_letters for at in checkpoints.of(things.connection, LIST)]
    assert letters == [0, 0], "nothing is left to mind"


def test_a_letter_of_one_partition_is_repaired_like_any_other(things: Things) -> None:
    subscription_admin.set_partitions(LIST, 4)
    things.move(2, "kiel", "nowhere", "ulm")
    move_all(things)
    things.project()
    assert things.tracked() == ALL | {2: "kiel"}
    (letter,) = dead_letters.find()
    subscription_admin.set_partitions(LIST, 2)
    with mended("nowhere"):
        dead_letters.retry(letter.id, by="ada")
    assert things.tracked()[2] == "kiel nowhere ulm kiel ulm bonn"
    things.move(2, "bonn")
    things.project()
    assert things.tracked()[2] == "kiel nowhere ulm kiel ulm bonn bonn"


@pytest.mark.settings(projection_batch_size=10)
def test_workers_share_the_partitions_and_handle_every_event_once_in_order(
    things: Things, workers: Workers
) -> None:
    subscription_admin.set_partitions(LIST, 4)
    workers.start(["projections"], concurrency=2)
    for place in ("kiel", "ulm", "bonn"):
        for thing in ALL:
            things.move(thing, place)
            after_commit.wake("cqrs.project", GROUP, force=thing % 5 == 0)

    def caught_up() -> bool:
        after_commit.wake("cqrs.project", GROUP)
        behind = things.checkpoint(PLACES)["position"] < 180
        return checkpoint_of(things) == 180 and not behind

    until(caught_up)
    assert things.tracked() == ALL
    assert things.held() == {"kiel": 60, "ulm": 60, "bonn": 60}
