"""What is known of the read models: which need a rebuild, and what the last verification found."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.rebuild.conftest import ORDERS, STOCK, Depot, order_id
from tests.rebuild.depot.declared import order_list
from worker.base import db
from worker.event_log.subscribers import subscriptions
from worker.rebuild import ReadModelHealth, read_model_health, rebuild, verify
from worker.subscriptions.projection import Projection


def found(name: str = ORDERS) -> ReadModelHealth:
    """What is known of one."""
    with db.owner() as connection:
        (one,) = (each for each in read_model_health(connection) if each.name == name)
    return one


def declare(monkeypatch: pytest.MonkeyPatch, version: int, *columns: sa.Column[object]) -> None:
    """Put another declaration of the orders in place."""
    table = order_list.table.to_metadata(sa.MetaData(schema="query"))
    for column in columns:
        table.append_column(column)
    one = Projection(ORDERS, table, version=version, group="depot")
    one._folds, one._plain = order_list._folds, order_list._plain
    monkeypatch.setitem(subscriptions._items, ORDERS, one)


def test_a_read_model_that_is_as_declared_needs_nothing(depot: Depot) -> None:
    assert depot.orders() == []
    assert found() == ReadModelHealth(ORDERS, "depot_orders_v1", None, None)


def test_one_of_another_version_needs_a_rebuild_until_it_has_had_it(
    depot: Depot, monkeypatch: pytest.MonkeyPatch
) -> None:
    depot.trade(1, 3)
    declare(monkeypatch, 2)
    why = found().needs_rebuild
    assert why == "the code declares version 2, the live table is of version 1"
    assert found(STOCK).needs_rebuild is None
    rebuild(ORDERS)
    assert found() == ReadModelHealth(ORDERS, "depot_orders_v2", None, None)


@pytest.mark.usefixtures("depot")
def test_one_that_lacks_a_column_of_its_own_version_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declare(monkeypatch, 1, sa.Column("size", sa.Text), sa.Column("weight", sa.Text))
    assert found().needs_rebuild == "the live table lacks size, weight: declare a new version"


def test_one_whose_table_is_gone_is_told(depot: Depot) -> None:
    depot.connection.execute("DROP TABLE query.depot_orders_v1 CASCADE")
    assert found().needs_rebuild == "there is no table depot_orders_v1"


def test_the_last_verification_is_told(depot: Depot) -> None:
    depot.trade(1, 9)
    depot.project()
    verify.verify(ORDERS, sample=100)
    depot.connection.execute("DELETE FROM query.depot_orders WHERE order_id = %s", [order_id(2)])
    verify.verify_all(ORDERS)
    last = found().verified
    assert last is not None
    assert (last.differing, last.checked, last.complete) == (1, 9, True)
    assert last.position == depot.one("SELECT max(position) FROM cqrs.events")
    assert last.at == depot.one("SELECT max(started_at) FROM cqrs.verifications")
    assert found(STOCK).verified is None
    assert found().to_json()["verified"]["differing"] == 1
