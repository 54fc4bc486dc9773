"""What the till does of itself: it tells a search index outside which products have changed.

    ProductCreated, ProductUpdated, ... ─▶ reaction ─▶ event task `sales.index_product` ─▶ put

The task reads the product as of its event or later, so whatever is told is true. Where no index is
named (`CQRS_SALES_SEARCH_INDEX`) nothing is started.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from models.sales.events import (
    ProductCreated,
    ProductDeactivated,
    ProductPriceChanged,
    ProductUpdated,
)
from tasks.sales.queries import product_by_id
from tasks.sales.search_index import IndexProduct, configured
from tasks.sales.settings import search_index
from worker import StoredEvent, Then, acting_as, event_task, reaction
from worker.contracts import SYSTEM_ACTOR

_WHO = "event-task:sales.index_product"


@event_task("sales.index_product", IndexProduct)
def index_product(c: IndexProduct, task_id: UUID) -> dict[str, Any]:
    """Tells the search index outside what a product is now."""
    index = configured()
    if index is None:
        return {"indexed": False}
    with acting_as(_WHO, roles=(SYSTEM_ACTOR,)):
        answer = product_by_id.ask(product_id=c.product_id, after=c.position)
    if answer.data is not None:
        index.put(answer.data, version=answer.as_of or c.position, task_id=task_id)
    return {"indexed": answer.data is not None}


search_index_outside = reaction(
    "sales.search_index", purpose="tells a search index outside which products have changed"
)


@search_index_outside.on(ProductCreated, ProductUpdated, ProductPriceChanged, ProductDeactivated)
def _product_changed(event: StoredEvent, then: Then) -> None:
    if search_index():
        then.start(
            index_product,
            IndexProduct(product_id=UUID(event.data["product_id"]), position=event.position),
        )
