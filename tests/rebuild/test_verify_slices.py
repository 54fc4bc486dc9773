"""A verification is done in slices: it goes on where it was, and begins anew where it must."""

from __future__ import annotations

import pytest

from tests.rebuild.conftest import ReadModels
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import thing_id
from tests.support.things.projections import mended
from worker.base import db
from worker.base.standing_failures import MaintenanceFailed
from worker.rebuild import RebuildProgress, rebuild, sampling, verify
from worker.rebuild.errors import VerificationRunning, VerificationUnfinished
from worker.rebuild.tasks import verify_sample
from worker.subscriptions import dead_letters
from worker.subscriptions.projection import Projection


@pytest.fixture(autouse=True)
def short_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log is read in windows of ten positions."""
    monkeypatch.setattr(sampling, "WINDOW", 10)


def a_slice(things: ReadModels, name: str = LIST) -> int:
    """Verify for no time at all: how far it came."""
    with pytest.raises(VerificationUnfinished):
        verify.verify(name, sample=1_000, seconds=0)
    return int(things.one("SELECT position FROM cqrs.verification_runs WHERE name = %s", name))


@pytest.mark.parametrize("name", [LIST, PLACES])
def test_a_verification_goes_on_where_it_was(things: ReadModels, name: str) -> None:
    things.fill(1, 20)
    things.project()
    things.connection.execute(
        "UPDATE query.things SET note = 'x' WHERE thing_id = %s", [thing_id(2)]
    )
    things.connection.execute("UPDATE query.thing_places SET held = 0 WHERE place = 'p1'")
    assert [a_slice(things, name) for _ in range(3)] == [10, 20, 30]
    things.fill(21, 23)
    things.project()
    told: list[RebuildProgress] = []
    done = verify.verify(name, sample=1_000, progress=told.append)
    assert (done.differing, done.position) == (1, things.last())
    assert [one.done for one in told][:2] == [40, 50]
    assert told[-1].total == things.last()
    assert things.rows("SELECT * FROM cqrs.verification_runs") == []


def test_other_folds_begin_it_anew(things: ReadModels, monkeypatch: pytest.MonkeyPatch) -> None:
    things.fill(1, 20)
    things.project()
    assert [a_slice(things), a_slice(things)] == [10, 20]
    monkeypatch.setattr(sampling, "fingerprint", lambda _: "of another release")
    assert a_slice(things) == 10


def test_a_dead_letter_that_is_closed_meanwhile_begins_it_anew(things: ReadModels) -> None:
    things.move("a", "nowhere", "here")
    things.fill(1, 20)
    things.project()
    assert [a_slice(things), a_slice(things)] == [10, 20]
    letters = things.rows("SELECT letter_id FROM cqrs.dead_letters")
    with mended("nowhere"):
        dead_letters.retry(letters[0]["letter_id"], by="a test")
        assert verify.verify(LIST, sample=1_000).differing == 0


def test_a_rebuild_in_between_is_no_drift(things: ReadModels) -> None:
    things.fill(1, 20)
    things.project()
    a_slice(things)
    rebuild(LIST)
    assert verify.verify(LIST, sample=1_000).differing == 0


def test_two_do_not_verify_one_projection_at_once(things: ReadModels) -> None:
    things.fill(1, 5)
    things.project()
    with (
        db.owner() as connection,
        sampling.run_lock(connection, LIST),
        pytest.raises(VerificationRunning),
    ):
        verify.verify(LIST)
    assert verify.verify(LIST).differing == 0


def test_the_task_goes_on_in_further_slices(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.fill(1, 20)
    things.project()
    things.connection.execute(
        "UPDATE query.things SET note = 'x' WHERE thing_id = %s", [thing_id(2)]
    )
    later: list[dict[str, object]] = []

    class Later(Exception):
        pass

    def retry(**given: object) -> Exception:
        later.append(given["kwargs"])  # type: ignore[arg-type]
        return Later()

    monkeypatch.setattr(verify_sample, "retry", retry)
    monkeypatch.setattr("worker.rebuild.tasks._slice_seconds", lambda: 0.0)
    rest: dict[str, object] = {"names": [LIST, PLACES], "sample": 1_000}
    failed: dict[str, str] = {}
    slices = 0
    while not failed:
        try:
            verify_sample.run(**rest)
        except Later:
            rest, slices = later[-1], slices + 1
        except MaintenanceFailed as drifted:
            failed = drifted.failed
    assert set(failed) == {LIST}
    assert failed[LIST].startswith("1 rows of the sample differ")
    assert slices >= 2 * (things.last() // 10)


def test_a_fold_that_fails_leaves_no_run_behind(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.fill(1, 20)
    things.project()
    a_slice(things)

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Projection, "fold", broken)
    with pytest.raises(ZeroDivisionError):
        verify.verify(LIST, sample=1_000)
    assert things.rows("SELECT * FROM cqrs.verification_runs") == []
