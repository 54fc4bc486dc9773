"""A search index outside: told of what changed, by the same id however often, as of the event."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
import redis as redis_py

from models.sales.read import ProductView
from tasks.sales import commands, reactions
from tasks.sales.search_index import IndexProduct
from tests.sales.support import Till, product
from tests.support.shop import accepted, send
from worker.contracts import uuid7
from worker.subscriptions.runner import catch_up


class Index:
    """One in memory, which drops what it was told before."""

    def __init__(self) -> None:
        self.products: dict[UUID, tuple[int, ProductView]] = {}
        self.done: set[UUID] = set()
        self.calls = 0

    def put(self, product: ProductView, *, version: int, task_id: UUID) -> None:
        """Keep the product."""
        self.calls += 1
        there = self.products.get(product.product_id)
        if task_id not in self.done and (there is None or there[0] <= version):
            self.products[product.product_id] = (version, product)
        self.done.add(task_id)


@pytest.fixture
def index(till: Till, redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch) -> Index:
    """An index that the till is configured with."""
    made = Index()
    monkeypatch.setattr(reactions, "configured", lambda: made)
    monkeypatch.setattr(reactions, "search_index", lambda: "here:index")
    return made


def waiting(till: Till) -> list[dict[str, Any]]:
    """Event tasks that are to be run, in the order of the log."""
    rows = till.rows("cqrs.enqueued_commands", name="sales.index_product")
    return sorted(rows, key=lambda row: int(row["payload"]["position"]))


def test_the_index_is_told_once_an_event_and_keeps_the_last(till: Till, index: Index) -> None:
    product(code="A", price="1.00")
    id_ = till.row("command.sales_products")["product_id"]
    accepted(send(commands.change_price, product_id=id_, sell_price="2.00"))
    accepted(send(commands.deactivate_product, product_id=id_))
    catch_up()
    catch_up()

    tasks = waiting(till)
    assert len(tasks) == len({task["command_id"] for task in tasks}) == 3  # none for the delivery
    for task in [*reversed(tasks), *tasks]:
        c = IndexProduct.model_validate(task["payload"])
        assert reactions.index_product.effect(c, task["command_id"]) == {"indexed": True}

    assert (index.calls, len(index.done)) == (6, 3)
    (_, kept) = index.products[id_]
    assert (str(kept.sell_price), kept.active) == ("2.00", False)


def test_without_an_index_nothing_is_started(till: Till) -> None:
    product()
    catch_up()

    assert waiting(till) == []
    c = IndexProduct(product_id=uuid7(), position=1)
    assert reactions.index_product.effect(c, uuid7()) == {"indexed": False}
