"""The four questions, and the ways to answer each. All ways give the same rows, or it is no bench.

The bars are those of the ratios that other houses claim for read models, over an ORM that loads
lazily: 45 to 2 ms, 120 to 8, 200 to 5, 5,000 to 50.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy.orm import Session

from bench.orm import aggregates, answers
from bench.orm.answers import Row
from tasks.orders.queries import (
    customer_lifetime_value,
    customer_orders,
    orders_summary,
    product_inventory,
    revenue_by_product,
)
from worker import Query
from worker.base import db
from worker.contracts import ReadRow
from worker.queries.answers import Policy

Way: TypeAlias = Callable[..., Sequence[ReadRow] | list[Row]]
Parameters: TypeAlias = Mapping[str, Any]

READ_MODEL, CACHE = "read model", "cached"
LAZY, EAGER, BY_HAND = "ORM lazy", "eager", "SQL"
PAGE, EVERYTHING = 100, 1_000
CUSTOMERS, PAGES = 20, 10


@dataclass(frozen=True)
class Question:
    """A question, how much faster than the lazy ORM it must be, and what it is asked with."""

    name: str
    bar: float
    asked_with: Sequence[Parameters]
    ways: Mapping[str, Way]


def questions() -> list[Question]:
    """The four, about what is in the database."""
    pages = [{"limit": PAGE, "offset": PAGE * number} for number in range(PAGES)]
    customers = [{"customer_id": customer} for customer in _some_customers()]
    orm, sql = answers, aggregates
    return [
        Question(
            "order summary",
            22.5,
            pages,
            _ways(_summaries, orm.summaries_lazily, orm.summaries_eagerly, sql.summaries),
        ),
        Question(
            "customer history",
            15,
            customers,
            _ways(_history, orm.history_lazily, orm.history_eagerly, sql.history),
        ),
        Question(
            "inventory",
            40,
            [{}],
            _ways(_inventory, orm.inventory_lazily, orm.inventory_eagerly, sql.inventory),
        ),
        Question(
            "revenue",
            100,
            [{}],
            _ways(_revenue, orm.revenue_lazily, orm.revenue_eagerly, sql.revenue),
        ),
    ]


def plain(rows: Sequence[ReadRow] | list[Row]) -> list[Row]:
    """Rows of any way, to be compared: without `updated_at`, which only the read models keep."""
    as_dicts = (row.model_dump() if isinstance(row, ReadRow) else row for row in rows)
    return [{name: row[name] for name in row if name != "updated_at"} for row in as_dicts]


# ---------------------------------------------------------------------------- our side
Asker: TypeAlias = Callable[[Query[Any]], Query[Any]]


def _summaries(of: Asker, *, limit: int, offset: int) -> list[ReadRow]:
    rows: list[ReadRow] = of(orders_summary).ask(limit=limit, offset=offset).data
    return rows


def _history(of: Asker, *, customer_id: object) -> list[ReadRow]:
    spent = of(customer_lifetime_value).ask(customer_id=customer_id).data
    return [*spent, *of(customer_orders).ask(customer_id=customer_id, limit=EVERYTHING).data]


def _inventory(of: Asker) -> list[ReadRow]:
    rows: list[ReadRow] = of(product_inventory).ask(limit=EVERYTHING).data
    return rows


def _revenue(of: Asker) -> list[ReadRow]:
    rows: list[ReadRow] = of(revenue_by_product).ask(limit=EVERYTHING).data
    return rows


def _kept(query: Query[Any]) -> Query[Any]:
    """The query as it is: its answers are kept."""
    return query


WITHOUT_CACHE: dict[str, Query[Any]] = {
    query.name: replace(query, policy=Policy(ttl=0))
    for query in (
        *(orders_summary, customer_orders, customer_lifetime_value),
        *(product_inventory, revenue_by_product),
    )
}


def _anew(query: Query[Any]) -> Query[Any]:
    """The same query without the cache: every answer comes out of the database."""
    return WITHOUT_CACHE[query.name]


# ---------------------------------------------------------------------------- all ways
def _ways(ours: Callable[..., list[ReadRow]], *others: Way) -> dict[str, Way]:
    theirs = map(partial(partial, _in_session), others)
    return dict(
        zip(
            (READ_MODEL, CACHE, LAZY, EAGER, BY_HAND),
            (partial(ours, _anew), partial(ours, _kept), *theirs),
            strict=True,
        )
    )


def _in_session(answer: Callable[..., list[Row]], **parameters: Any) -> list[Row]:
    """A session for each question, on connections with the settings of ours, out of such a pool."""
    engine = db.owner_engine().execution_options(isolation_level="READ COMMITTED")
    with Session(engine) as session:
        return answer(session, **parameters)


def _some_customers() -> Iterator[object]:
    with db.owner() as connection:
        found = connection.execute("SELECT customer_id FROM command.customers ORDER BY 1")
        everybody = [row[0] for row in found]
    yield from random.Random(7).sample(everybody, min(CUSTOMERS, len(everybody)))
