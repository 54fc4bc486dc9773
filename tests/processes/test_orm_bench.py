"""`bench.orm` compares ways to give one answer: that it is one, and that the ways are what they
are called, is tested here. Its times are not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest
import redis as redis_py
import sqlalchemy as sa

from bench.orm import loading
from bench.orm.comparison import Compared, agree
from bench.orm.questions import EAGER, LAZY, READ_MODEL, WITHOUT_CACHE, Question, questions
from bench.orm.trade import Size, Trade
from models.orders.events import OrderStatus
from tasks.orders.queries import orders_summary
from tests.conftest import Database
from worker.base import db

SHOP = Size.of(200, days=10)
NAMES = ["order summary", "customer history", "inventory", "revenue"]


@pytest.fixture
def shop(database: Database, redis: redis_py.Redis) -> Database:
    """Ten days of trade: some orders are on their way, the others at their end."""
    loading.load(SHOP)
    return database


def named(name: str) -> Question:
    """One of the questions."""
    return next(question for question in questions() if question.name == name)


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that the ORM sends meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        sent.append(statement)

    sa.event.listen(db.owner_engine(), "before_cursor_execute", note)
    try:
        yield sent
    finally:
        sa.event.remove(db.owner_engine(), "before_cursor_execute", note)


def test_every_way_gives_the_same_answer(shop: Database) -> None:
    rows = {question.name: agree(question) for question in questions()}

    assert list(rows) == NAMES
    assert rows["order summary"] == 100
    assert rows["inventory"] == rows["revenue"] == SHOP.products
    statuses = {order.status for order in orders_summary.ask(limit=SHOP.orders).data}
    assert statuses == set(OrderStatus)


def test_a_wrong_figure_is_found(shop: Database) -> None:
    with shop.connect() as connection:
        connection.execute("UPDATE query.order_summaries_v1 SET refund_amount = refund_amount + 1")

    with pytest.raises(AssertionError, match=r"query\.order_summaries is not what"):
        loading.check()
    with pytest.raises(AssertionError, match="order summary, "):
        agree(named("order summary"))


@pytest.mark.parametrize(
    ("name", "few"),
    [("order summary", 2), ("customer history", 4), ("inventory", 2), ("revenue", 2)],
)
def test_lazy_asks_again_and_again_and_eager_does_not(shop: Database, name: str, few: int) -> None:
    question = named(name)
    parameters = question.asked_with[0]

    with statements() as lazily:
        question.ways[LAZY](**parameters)
    with statements() as eagerly:
        question.ways[EAGER](**parameters)

    assert len(eagerly) <= few
    assert len(lazily) > 5 * few


def test_the_read_model_is_asked_without_the_cache(shop: Database) -> None:
    agree(named("order summary"))
    query = WITHOUT_CACHE["orders.orders_summary"]

    assert not any(query.ask(limit=100, offset=0).from_cache for _ in range(2))
    assert orders_summary.ask(limit=100, offset=0).from_cache
    assert not any(query.cached for query in WITHOUT_CACHE.values())


def test_the_same_seed_is_the_same_trade() -> None:
    def some(seed: int) -> list[Any]:
        return list(islice(Trade(SHOP, seed).events(), 500))

    assert some(1) == some(1) != some(2)


def test_a_bar_is_reached_or_not(shop: Database) -> None:
    def holds(lazy: float) -> bool:
        return Compared(named("inventory"), 1, {READ_MODEL: [9.0, 1.0, 1.0], LAZY: [lazy]}).holds

    assert holds(40.0)
    assert not holds(39.9)
