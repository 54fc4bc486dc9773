"""A search index outside: what keeps an index of another kind, and what it is told.

The shop's own search is PostgreSQL's full text (`sales.search_products`). Who wants another one,
names an object that has `put` in `CQRS_SALES_SEARCH_INDEX`. It is told each product that changed by
an event task: at least once, with the same `task_id` in every attempt, so that it can see that it
was told before; and not in order, so that it keeps of each product the highest version.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import Protocol
from uuid import UUID

from models.sales.read import ProductView
from tasks.sales.settings import search_index
from worker.contracts import Message


class IndexProduct(Message):
    """A product as of a position of the log."""

    product_id: UUID
    position: int


class SearchIndex(Protocol):
    """What an index outside must have."""

    def put(self, product: ProductView, *, version: int, task_id: UUID) -> None:
        """Keep this product unless a higher version of it is there, or this task did it already.

        A product that is not `active` is no longer to be found. Whatever it raises is tried again.
        """


@lru_cache(maxsize=1)
def configured() -> SearchIndex | None:
    """The index that the settings name; None if there is none. Raises ImportError,
    AttributeError."""
    module, _, name = search_index().partition(":")
    index: SearchIndex | None = getattr(import_module(module), name) if module else None
    return index
