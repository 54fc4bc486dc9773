"""A rebuild goes on only under the code that began it, and never back to an older release's."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from typing import Any

import pytest
import sqlalchemy as sa

from tests.rebuild.conftest import DOMAINS, ReadModels
from tests.rebuild.conftest import filled as filled
from tests.rebuild.conftest import things as things  # fixtures
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import ThingAdded
from tests.support.things.projections import place_list, thing_list
from tests.support.workers import ROOT, environment
from worker.base import settings, slots
from worker.event_log import StoredEvent
from worker.event_log.subscribers import subscriptions
from worker.rebuild import (
    AnotherRebuild,
    CodeTooOld,
    RebuildUnfinished,
    fingerprint,
    part,
    rebuild,
    run,
)
from worker.rebuild.tasks import rebuild_projection
from worker.subscriptions.projection import Fold, Projection, Row

WRONG = "SELECT count(*) FROM query.things WHERE owner = 'wrong'"


def _mended(row: Row | None, event: StoredEvent) -> Row:
    return thing_list._plain[ThingAdded.type][0](row, event) or {}


def _faulty(row: Row | None, event: StoredEvent) -> Row:
    return _mended(row, event) | {"owner": "wrong"}


def release(fold: Fold, version: int = 1) -> Projection:
    """The projection of a release in which a thing is added so."""
    table = thing_list.table.to_metadata(sa.MetaData(schema="query"))
    one = Projection(LIST, table, version=version, group="things")
    one._folds, one._plain = dict(thing_list._folds), dict(thing_list._plain)
    one._folds[ThingAdded.type], one._plain[ThingAdded.type] = [], []
    one.on(ThingAdded)(fold)
    return one


Deploy = Callable[[Projection], None]


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Has the code of a release take the place of what is there."""
    return lambda one: monkeypatch.setitem(subscriptions._items, LIST, one)


@pytest.fixture
def faulty(
    things: ReadModels, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReadModels]:
    """Things whose rebuild was interrupted under a faulty fold; the live rows are right."""
    things.fill(1, 30)
    things.project()
    deploy(release(_faulty))
    with monkeypatch.context() as slow:
        slow.setattr(part, "WINDOW", 5)
        with pytest.raises(RebuildUnfinished):
            rebuild(LIST, seconds=0)
    assert things.one("SELECT count(*) FROM query.things_v2 WHERE owner = 'wrong'")
    yield things
    assert things.one(WRONG) == 0
    assert things.tables() == {"things_v2", "thing_places_v1"}


@pytest.mark.parametrize("as_a_slice", [False, True])
def test_rows_of_a_faulty_fold_do_not_go_live_once_it_is_mended(
    faulty: ReadModels, deploy: Deploy, as_a_slice: bool
) -> None:
    (begun,) = faulty.rebuilds()
    deploy(release(_mended))
    done = rebuild(LIST, continues=begun["rebuild_id"] if as_a_slice else None)
    assert (done.differing, done.rows) == (0, 27)
    old, new = faulty.rebuilds()
    assert (old["state"], old["error"]) == ("failed", run.FOLDS_CHANGED)
    assert (new["state"], old["folds"] != new["folds"]) == ("done", True)


def test_the_same_folds_go_on(faulty: ReadModels, deploy: Deploy) -> None:
    deploy(release(_mended))
    with pytest.raises(RebuildUnfinished):
        rebuild(LIST, seconds=-1)
    deploy(release(_mended))
    assert rebuild(LIST).differing == 0
    assert len(faulty.rebuilds()) == 2


def test_a_slice_of_old_code_leaves_the_rebuild_of_a_new_version_alone(
    faulty: ReadModels, deploy: Deploy
) -> None:
    deploy(release(_mended, version=2))
    with pytest.raises(RebuildUnfinished) as unfinished:
        rebuild(LIST, seconds=-1)
    deploy(release(_mended))
    with pytest.raises(AnotherRebuild, match="version 2 is being built, this code has 1"):
        rebuild(LIST, continues=unfinished.value.rebuild_id)
    deploy(release(_mended, version=2))
    assert rebuild(LIST).table == "things_v2"
    assert len(faulty.rebuilds()) == 2


def test_a_process_that_has_loaded_other_folds_builds_no_part(
    things: ReadModels, deploy: Deploy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files were replaced under a worker: the processes that it starts have the new ones."""
    things.fill(1, 30)
    things.project()
    deploy(release(_faulty))
    monkeypatch.setattr(run, "SMALL", 0)
    with pytest.raises(RebuildUnfinished, match="other folds than those that began it"):
        rebuild(LIST, jobs=2)
    assert things.live() == "things_v1"
    deploy(thing_list)
    assert rebuild(LIST, jobs=2).differing == 0
    assert things.one(WRONG) == 0


PRINT = """
from worker.base.registry import load_domains; load_domains()
from worker.rebuild.errors import projection_named
from worker.rebuild.fingerprint import fingerprint
for name in ('things.list', 'things.places', 'orders.order_summaries', 'orders.product_inventory'):
    print(name, fingerprint(projection_named(name)))
"""


def test_a_fingerprint_is_the_same_in_every_process() -> None:
    domains = (*DOMAINS, "tasks.orders")
    chosen = environment(settings.get_settings().model_copy(update={"domains": domains}))
    said = {
        subprocess.run(
            [sys.executable, "-c", PRINT],
            cwd=ROOT,
            env=chosen | {"PYTHONHASHSEED": seed, "THINGS_PAUSE": seed},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout.decode()
        for seed in ("1", "2")
    }
    (lines,) = said
    found = dict(line.split() for line in lines.splitlines())
    assert found[LIST] == fingerprint.fingerprint(thing_list)
    assert found[PLACES] == fingerprint.fingerprint(place_list)
    assert len(set(found.values())) == 4


class Grade(Enum):
    """A class that a fold may name."""

    GOOD = 1


RATE, RATES, KINDS = Decimal("0.19"), {"a": [1, 2]}, frozenset({"x", "y"})


class _Tax:
    def of(self, price: Decimal) -> Decimal:
        return price * RATE


def _total(event: StoredEvent) -> Any:
    return _Tax().of(Decimal(event.data["price"]))


_cached = cache(_total)


def _by_helper(row: Row | None, event: StoredEvent) -> Row:
    def inner() -> Any:
        return _total(event), RATES, KINDS

    return {**event.data, "price": inner(), "grade": Grade.GOOD}


def _by_cache(row: Row | None, event: StoredEvent) -> Row:
    return {**event.data, "price": _cached(event)}


_by_partial = partial(lambda rate, row, event: event.data | {"price": rate}, 1)


def _other(*_: Any) -> Any:
    return None


class _OtherTax:
    def of(self, price: Decimal) -> Decimal:
        return -price


CHANGES: list[tuple[str, Any, Fold]] = [
    ("RATE", Decimal("0.20"), _by_helper),
    ("RATES", {"a": [1, 3]}, _by_helper),
    ("KINDS", frozenset({"x"}), _by_helper),
    ("_total", _other, _by_helper),
    ("_Tax", _OtherTax, _by_helper),
    ("Grade", Enum("Grade", {"GOOD": 2}), _by_helper),
    ("_cached", cache(_other), _by_cache),
]


@pytest.mark.parametrize(("name", "value", "fold"), CHANGES, ids=[name for name, *_ in CHANGES])
def test_what_a_fold_uses_is_part_of_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: Any, fold: Fold
) -> None:
    before = fingerprint.fingerprint(release(fold))
    assert before == fingerprint.fingerprint(release(fold))
    monkeypatch.setitem(globals(), name, value)
    assert before != fingerprint.fingerprint(release(fold))


def test_arguments_that_are_bound_columns_and_versions_are_part_of_it() -> None:
    wider = release(_mended)
    wider.table.append_column(sa.Column("size", sa.Text))
    found = [
        release(_mended),
        release(_mended, version=2),
        wider,
        release(_by_partial),
        release(partial(_by_partial.func, 2)),
    ]
    assert len({fingerprint.fingerprint(one) for one in found}) == len(found)


def test_a_task_of_old_code_does_not_bring_the_old_table_back(
    things: ReadModels, deploy: Deploy
) -> None:
    things.fill(1, 9)
    things.project()
    deploy(release(_mended, version=2))
    rebuild(LIST)
    deploy(thing_list)
    with pytest.raises(CodeTooOld, match=r"declares version 2.*code declares version 1"):
        rebuild_projection.run(LIST)
    assert (things.live(), len(things.rebuilds())) == ("things_v2", 1)
    assert rebuild(LIST).table == "things_v3", "whoever rolls a release back may do so"
    assert things.one("SELECT shape FROM cqrs.subscriptions WHERE name = %s", LIST) == 1


def test_a_message_that_comes_again_after_midnight_keeps_its_slot(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slots, "_message", lambda: "tonight's")
    assert slots.take("nightly", 86_400)
    things.connection.execute("UPDATE cqrs.slots SET slot = slot - 1")  # a day has passed
    assert slots.take("nightly", 86_400)
    monkeypatch.setattr(slots, "_message", lambda: "tomorrow's")
    assert slots.take("nightly", 86_400)
    monkeypatch.setattr(slots, "_message", lambda: "another beat's")
    assert not slots.take("nightly", 86_400)
