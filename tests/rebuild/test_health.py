"""What is known of the read models: which need a rebuild, and what the last verification found."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.rebuild.conftest import ReadModels
from tests.support.things.history import LIST, PLACES
from tests.support.things.models import thing_id
from tests.support.things.projections import thing_list
from worker.base import db
from worker.event_log.subscribers import subscriptions
from worker.rebuild import ReadModelHealth, read_model_health, rebuild, verify
from worker.subscriptions.projection import Projection


def found(name: str = LIST) -> ReadModelHealth:
    """What is known of one."""
    with db.owner() as connection:
        (one,) = (each for each in read_model_health(connection) if each.name == name)
    return one


def declare(monkeypatch: pytest.MonkeyPatch, version: int, *columns: sa.Column[object]) -> None:
    """Put another declaration of the things in place."""
    table = thing_list.table.to_metadata(sa.MetaData(schema="query"))
    for column in columns:
        table.append_column(column)
    one = Projection(LIST, table, version=version, group="things")
    one._folds, one._plain = thing_list._folds, thing_list._plain
    monkeypatch.setitem(subscriptions._items, LIST, one)


def test_a_read_model_that_is_as_declared_needs_nothing(things: ReadModels) -> None:
    assert things.listed() == []
    assert found() == ReadModelHealth(LIST, "things_v1", None, None)


def test_one_of_another_version_needs_a_rebuild_until_it_has_had_it(
    things: ReadModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    things.fill(1, 3)
    declare(monkeypatch, 2)
    why = found().needs_rebuild
    assert why == "the code declares version 2, the live table is of version 1"
    assert found(PLACES).needs_rebuild is None
    rebuild(LIST)
    assert found() == ReadModelHealth(LIST, "things_v2", None, None)


@pytest.mark.usefixtures("things")
def test_one_that_lacks_a_column_of_its_own_version_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare(monkeypatch, 1, sa.Column("size", sa.Text), sa.Column("weight", sa.Text))
    assert found().needs_rebuild == "the live table lacks size, weight: declare a new version"


def test_one_whose_table_is_gone_is_told(things: ReadModels) -> None:
    things.connection.execute("DROP TABLE query.things_v1 CASCADE")
    assert found().needs_rebuild == "there is no table things_v1"


def test_the_last_verification_is_told(things: ReadModels) -> None:
    things.fill(1, 9)
    things.project()
    verify.verify(LIST, sample=100)
    things.connection.execute("DELETE FROM query.things WHERE thing_id = %s", [thing_id(2)])
    verify.verify_all(LIST)
    last = found().verified
    assert last is not None
    assert (last.differing, last.checked, last.complete) == (1, 9, True)
    assert last.position == things.one("SELECT max(position) FROM cqrs.events")
    assert last.at == things.one("SELECT max(started_at) FROM cqrs.verifications")
    assert found(PLACES).verified is None
    assert found().to_json()["verified"]["differing"] == 1
