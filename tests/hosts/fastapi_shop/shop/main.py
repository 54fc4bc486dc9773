"""The web application: what is ordered goes through the engine, in the shop's transactions."""

from __future__ import annotations

import asyncio
import logging.config
from decimal import Decimal
from typing import Annotated

from fastapi import FastAPI, HTTPException
from ordering.commands import place_order
from ordering.models import PlacedOrder
from ordering.queries import orders_of
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from shop.celery_app import greet
from shop.models import Basket, async_engine, engine
from shop.settings import LOGGING
from worker import Receipt, acting_as

logging.config.dictConfig(LOGGING)
app = FastAPI()
log = logging.getLogger("shop")


class NewOrder(BaseModel):
    customer: str
    total: Annotated[Decimal, Field(gt=0, decimal_places=2)]
    fails: bool = False

    def basket(self) -> Basket:
        """The shop's own row of it."""
        return Basket(customer=self.customer, total=self.total, details={"total": 1})


class Placed(BaseModel):
    order_id: str
    position: int


@app.post("/orders", status_code=201)
async def order(new: NewOrder) -> Placed:
    """An order and the shop's own row are one transaction, asynchronous."""
    with acting_as(f"customer:{new.customer}"):
        async with AsyncSession(async_engine) as session, session.begin():
            session.add(new.basket())
            handle = await place_order.aenqueue(
                session, customer=new.customer, total=new.total, key=new.customer
            )
            if new.fails:
                raise HTTPException(500, "something else went wrong")
    return _placed(await handle.areceipt(timeout=20))


@app.post("/sync/orders", status_code=201)
def order_in_a_thread(new: NewOrder) -> Placed:
    """The same in a plain function, which FastAPI runs in a thread."""
    with acting_as(f"customer:{new.customer}"), Session(engine) as session, session.begin():
        session.add(new.basket())
        handle = place_order.enqueue(session, customer=new.customer, total=new.total)
        if new.fails:
            raise HTTPException(500, "something else went wrong")
    return _placed(handle.receipt(timeout=20))


@app.post("/sent/orders", status_code=202)
async def order_without_a_transaction(new: NewOrder) -> dict[str, str]:
    """Sent at once: nothing of the shop's depends on it."""
    handle = await place_order.adelay(customer=new.customer, total=new.total)
    return {"command": str(handle.command_id)}


@app.get("/orders")
async def orders(customer: str, after: int | None = None) -> list[PlacedOrder]:
    """A customer's orders; with `after`, what was just placed is among them."""
    return (await orders_of.aask(customer=customer, after=after)).data


@app.get("/about")
async def about() -> dict[str, str]:
    """What the shop runs on."""
    log.info("asked about")
    return {"loop": type(asyncio.get_running_loop()).__name__, "celery": greet.app.main}


def _placed(receipt: Receipt) -> Placed:
    if not receipt.succeeded or receipt.position is None:
        raise HTTPException(409, receipt.error)
    return Placed(order_id=receipt.data["order_id"], position=receipt.position)
