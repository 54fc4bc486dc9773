"""No kept answer of a shipped query is out of date, whichever projection has just moved.

Trades are made step by step and every projection moves by itself, so that no other one's tags stand
in for its own. After each move every query that reads it is asked about everything there is, and
has to say what the database says: an answer that depends on a row which its projection does not
name in a tag is still the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

import pytest
import redis as redis_py

from tasks.orders import commands
from tests.banking.conftest import bank as _bank
from tests.banking.support import Bank, run
from tests.conftest import Database
from tests.support.shop import Shop, accepted, send
from worker.commands.queue_consumer import drain
from worker.event_log.sources import queries
from worker.event_log.subscribers import subscriptions
from worker.queries.query import Query
from worker.queries.reader import Terms, read
from worker.subscriptions.projection import Projection
from worker.subscriptions.runner import catch_up, invalidate

bank = _bank
Step = Callable[[], object]
KNOWN = {
    "order_id": "order_summaries",
    "order_number": "order_summaries",
    "customer_id": "order_summaries",
    "product_id": "product_inventory",
    "account_id": "account_summaries",
    "transfer_id": "transfers",
}
"""Parameters that name something, and the read model that has all of these."""


@pytest.fixture(autouse=True)
def empty_cache(redis: redis_py.Redis) -> None:
    """Answers of another test are of another database."""


def questions(domain: str, reads: str) -> Iterator[Query[Any]]:
    """The domain's queries that read this projection."""
    for one in queries:
        if one.name.startswith(f"{domain}.") and reads in one.sources.reads:
            yield cast("Query[Any]", one)


def wordings(database: Database, one: Query[Any]) -> Iterator[dict[str, Any]]:
    """A question with no parameter, and about each thing that there is."""
    fields = one.parameters.model_fields
    required = {name for name, field in fields.items() if field.is_required()}
    if not required:
        yield {}
    with database.connect() as connection:
        for name in fields.keys() & KNOWN:
            if required - {name}:
                continue
            for (value,) in connection.execute(f"SELECT DISTINCT {name} FROM query.{KNOWN[name]}"):
                yield {name: value}


def said(one: Query[Any], wording: dict[str, Any]) -> Any:
    """What the database says, whatever the cache has."""
    terms = Terms(one.package)
    return read(one.name, lambda db: one(db, **wording), one.sources, terms=terms)[0]


class Watch:
    """Asks everything after every move, and remembers which queries' kept answers have changed."""

    def __init__(self, database: Database, domain: str) -> None:
        self.database, self.domain = database, domain
        self.projections = [
            one.name
            for one in subscriptions
            if isinstance(one, Projection) and one.name.startswith(f"{domain}.")
        ]
        self.before: dict[str, Any] = {}
        self.changed: set[tuple[str, str]] = set()

    def step(self, step: Step) -> None:
        """Something happens, and the projections move one after another."""
        step()
        for name in self.projections:
            catch_up([name])
            invalidate()
            for one in questions(self.domain, name):
                for wording in wordings(self.database, one):
                    self._ask(one, name, wording)

    def _ask(self, one: Query[Any], moved: str, wording: dict[str, Any]) -> None:
        answer, now = one.ask(**wording), said(one, wording)
        assert answer.data == now, f"{one.name} {wording} is out of date when {moved} has moved"
        assert one.ask(**wording).from_cache, f"{one.name} is not kept"
        place = f"{one.name} {wording}"
        if place in self.before and self.before[place] != now:
            self.changed.add((one.name, moved))
        self.before[place] = now

    def unmoved(self) -> set[tuple[str, str]]:
        """Queries that no answer has shown to depend on a projection that they say they read."""
        declared = {
            (one.name, name) for name in self.projections for one in questions(self.domain, name)
        }
        return declared - self.changed


def trade(shop: Shop) -> Sequence[Step]:
    """Everything that can happen to orders and their goods."""
    pen, ink = shop.product("10.00", 5), shop.product("3.00", 50, reorder_level=10)
    first, second = shop.ordered((pen, 1)), shop.ordered((ink, 2), customer_id=shop.register())
    return (
        lambda: accepted(send(commands.adjust_inventory, product_id=pen, quantity_change=4)),
        lambda: accepted(send(commands.add_order_item, order_id=first, product_id=ink, quantity=1)),
        lambda: accepted(shop.pay(first)),
        lambda: accepted(shop.pay(second)),
        lambda: shop.move(first, "processing"),
        lambda: shop.move(first, "shipped"),
        lambda: shop.move(first, "delivered"),
        lambda: accepted(shop.cancel(second)),
        lambda: shop.ordered((pen, 1)),
    )


def test_no_answer_about_orders_is_kept_too_long(database: Database) -> None:
    steps, watch = trade(Shop(database)), Watch(database, "orders")
    for step in (lambda: None, *steps):
        watch.step(step)
    assert watch.unmoved() == set()


def test_no_answer_of_the_bank_is_kept_too_long(bank: Bank) -> None:
    source, target, third = bank.open("50.00"), bank.open(), bank.open()
    watch = Watch(bank.database, "banking")
    steps: Sequence[Step] = (
        lambda: None,
        lambda: run("deposit", account_id=source, amount="1.00"),
        lambda: run("withdraw", account_id=source, amount="2.00"),
        lambda: bank.transfer(source, target, "5.00"),
        lambda: bank.transfer(target, source, "500.00"),
        lambda: run("close_account", account_id=third),
        bank.open,
    )
    for step in steps:
        watch.step(step)
        catch_up([one.name for one in subscriptions if one.group == "reactions"])
        watch.step(drain)
    assert watch.unmoved() == set()
