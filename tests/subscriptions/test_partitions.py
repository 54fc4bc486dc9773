"""A projection split among workers: every event once, in order, wherever it is handled."""

from __future__ import annotations

import pytest

from tests.conftest import Database
from tests.subscriptions.conftest import Parcels
from tests.subscriptions.parcels.models import ParcelMoved
from tests.subscriptions.parcels.projections import GROUP, arrivals, mended, tracking
from tests.subscriptions.test_deaths import taker
from tests.support import promises
from tests.support.workers import Workers, until
from worker.commands import after_commit
from worker.ops import subscription_admin
from worker.ops.subscription_admin import PartitionsApart
from worker.subscriptions import checkpoints, dead_letters
from worker.subscriptions.checkpoints import partition_of
from worker.subscriptions.partitions import CannotPartition

TRACKING = "parcels.tracking"
ALL = dict.fromkeys(range(60), "kiel ulm bonn")


def checkpoint_of(parcels: Parcels) -> int:
    """What readers are told."""
    rows = parcels.connection.execute(
        "SELECT position FROM query.checkpoints WHERE name = %s", [TRACKING]
    ).fetchall()
    return int(rows[0][0])


def move_all(parcels: Parcels) -> None:
    for place in ("kiel", "ulm", "bonn"):
        for parcel in ALL:
            parcels.move(parcel, place)


def test_each_partition_handles_its_own_streams_and_together_they_handle_all(
    parcels: Parcels,
) -> None:
    assert subscription_admin.set_partitions(TRACKING, 4).partitions == 4
    move_all(parcels)
    parcels.catch_up()
    assert parcels.tracked() == ALL
    places = checkpoints.of(parcels.connection, TRACKING)
    assert [place.name for place in places] == [f"{TRACKING}#{n}" for n in range(4)]
    assert {place.position for place in places} == {parcels.last()}


def test_readers_are_told_the_lowest_position_of_all_partitions(
    parcels: Parcels, database: Database
) -> None:
    subscription_admin.set_partitions(TRACKING, 2)
    move_all(parcels)
    with taker(database, f"{TRACKING}#1"):
        parcels.catch_up()
        assert parcels.checkpoint(f"{TRACKING}#0")["position"] == parcels.last()
        assert checkpoint_of(parcels) == 0
    parcels.catch_up()
    assert checkpoint_of(parcels) == parcels.last()
    assert parcels.tracked() == ALL


def test_an_unsplit_subscription_is_told_as_before(parcels: Parcels) -> None:
    parcels.move(1, "kiel")
    parcels.catch_up()
    assert checkpoint_of(parcels) == 1


def test_the_number_changes_only_when_all_are_at_one_position(
    parcels: Parcels, database: Database
) -> None:
    subscription_admin.set_partitions(TRACKING, 2)
    move_all(parcels)
    with taker(database, f"{TRACKING}#1"):
        parcels.catch_up()
    with pytest.raises(PartitionsApart, match="positions 180, 0"):
        subscription_admin.set_partitions(TRACKING, 3, timeout=0)
    assert subscription_admin.set_partitions(TRACKING, 3).partitions == 3
    assert parcels.tracked() == ALL


def test_one_whole_again_it_goes_on_where_the_partitions_were(parcels: Parcels) -> None:
    subscription_admin.set_batch_size(TRACKING, 7)
    subscription_admin.set_partitions(TRACKING, 3)
    move_all(parcels)
    parcels.catch_up()
    whole = subscription_admin.set_partitions(TRACKING, 1)
    assert (whole.partitions, whole.position, whole.batch_size) == (1, parcels.last(), 7)
    parcels.move(99, "kiel")
    parcels.catch_up()
    assert parcels.tracked() == ALL | {99: "kiel"}
    assert list(parcels.checkpoint(f"{TRACKING}#0")) == []


def test_what_is_divided_is_operated_as_before(parcels: Parcels) -> None:
    subscription_admin.set_batch_size(TRACKING, 7)
    move_all(parcels)
    parcels.move(99, "nowhere")
    parcels.catch_up()
    before = parcels.checkpoint()
    subscription_admin.pause(TRACKING)
    subscription_admin.set_partitions(TRACKING, 2)
    for part in (parcels.checkpoint(f"{TRACKING}#{number}") for number in (0, 1)):
        kept = ("paused", "batch_size", "changed_position", "letters", "read_table", "shape")
        assert {name: part[name] for name in kept} == {
            name: {**before, "paused": True}[name] for name in kept
        }


def test_a_batch_planned_for_another_number_of_partitions_is_not_handled(
    parcels: Parcels,
) -> None:
    subscription_admin.set_partitions(TRACKING, 2)
    (stale, _) = checkpoints.read(parcels.connection, [TRACKING])
    subscription_admin.set_partitions(TRACKING, 3)
    with parcels.connection.transaction():
        taken = parcels.connection.execute(
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


@pytest.mark.parametrize("name", ["parcels.arrivals", "orders.product_inventory"])
def test_a_projection_that_collects_from_many_streams_is_not_split(
    parcels: Parcels, name: str
) -> None:
    with pytest.raises(CannotPartition, match=r"from many streams.*declare.*by_stream=True"):
        subscription_admin.set_partitions(name, 2)
    assert subscription_admin.set_partitions(name, 1).partitions == 1


def test_shipped_projections_that_are_by_stream_can_be_split(database: Database) -> None:
    for name in ("orders.order_summaries", "banking.account_summaries"):
        assert subscription_admin.set_partitions(name, 4).partitions == 4


def test_a_promise_that_the_log_shows_broken_is_not_believed(
    parcels: Parcels, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "by_stream", True)
    parcels.append("who", ParcelMoved(parcel="who", place="ulm"))
    parcels.move(1, "kiel", "ulm")
    with pytest.raises(CannotPartition, match="row ulm from parcel-who and parcel-1"):
        subscription_admin.set_partitions("parcels.arrivals", 2)
    (found,) = promises.broken(database.url)  # what every test is asked when it ends
    assert found == "parcels.arrivals: row ulm from parcel-who and parcel-1"


def test_a_projection_that_is_split_stands_still_when_its_code_promises_it_no_more(
    parcels: Parcels, monkeypatch: pytest.MonkeyPatch
) -> None:
    subscription_admin.set_partitions(TRACKING, 2)
    with monkeypatch.context() as released:
        released.setattr(tracking, "by_stream", False)
        move_all(parcels)
        parcels.catch_up()
        assert parcels.tracked() == {}
        errors = [parcels.checkpoint(f"{TRACKING}#{n}")["error"] for n in range(2)]
        assert all("make it whole with `cqrs subscriptions partition" in one for one in errors)
        assert subscription_admin.set_partitions(TRACKING, 1).partitions == 1
        parcels.catch_up()
    assert parcels.tracked() == ALL
    assert parcels.checkpoint()["error"] is None


@pytest.mark.parametrize("partitions", [0, -1, 65])
def test_a_number_of_partitions_out_of_range_is_refused(parcels: Parcels, partitions: int) -> None:
    with pytest.raises(CannotPartition, match="1 to 64"):
        subscription_admin.set_partitions(TRACKING, partitions)


@pytest.mark.parametrize("parcel", [3, 4])
def test_a_letter_is_replayed_as_far_as_its_own_partition_has_read(
    parcels: Parcels, parcel: int
) -> None:
    subscription_admin.set_partitions(TRACKING, 2)
    parcels.move(parcel, "nowhere", "ulm")
    parcels.catch_up()
    own = partition_of(f"parcel-{parcel}", 2)
    behind = "UPDATE cqrs.subscriptions SET position = 0 WHERE name = %s"
    parcels.connection.execute(behind, [f"{TRACKING}#{1 - own}"])
    (letter,) = dead_letters.letters()
    with mended("nowhere"):
        assert dead_letters.retry(letter.id, by="ada").replayed == 2
    assert parcels.tracked() == {parcel: "nowhere ulm"}
    letters = [at.letters for at in checkpoints.of(parcels.connection, TRACKING)]
    assert letters == [0, 0], "nothing is left to mind"


def test_a_letter_of_one_partition_is_repaired_like_any_other(parcels: Parcels) -> None:
    subscription_admin.set_partitions(TRACKING, 4)
    parcels.move(2, "kiel", "nowhere", "ulm")
    move_all(parcels)
    parcels.catch_up()
    assert parcels.tracked() == ALL | {2: "kiel"}
    (letter,) = dead_letters.letters()
    subscription_admin.set_partitions(TRACKING, 2)
    with mended("nowhere"):
        dead_letters.retry(letter.id, by="ada")
    assert parcels.tracked()[2] == "kiel nowhere ulm kiel ulm bonn"
    parcels.move(2, "bonn")
    parcels.catch_up()
    assert parcels.tracked()[2] == "kiel nowhere ulm kiel ulm bonn bonn"


@pytest.mark.settings(projection_batch_size=10)
def test_workers_share_the_partitions_and_handle_every_event_once_in_order(
    parcels: Parcels, workers: Workers
) -> None:
    subscription_admin.set_partitions(TRACKING, 4)
    workers.start(["projections"], concurrency=2)
    for place in ("kiel", "ulm", "bonn"):
        for parcel in ALL:
            parcels.move(parcel, place)
            after_commit.wake("cqrs.project", GROUP, force=parcel % 5 == 0)

    def caught_up() -> bool:
        after_commit.wake("cqrs.project", GROUP)
        behind = parcels.checkpoint("parcels.arrivals")["position"] < 180
        return checkpoint_of(parcels) == 180 and not behind

    until(caught_up)
    assert parcels.tracked() == ALL
    assert parcels.arrivals() == {"kiel": 60, "ulm": 60, "bonn": 60}
