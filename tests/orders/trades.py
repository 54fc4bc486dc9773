"""Random trades: commands of a small world, with refusals, repeats and ids used again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from worker.contracts import Actor, Envelope

CUSTOMERS = [UUID(int=1 << 76 | n) for n in (1, 2)]
PRODUCTS = [UUID(int=2 << 76 | n) for n in (1, 2, 3)]
ORDERS = [UUID(int=3 << 76 | n) for n in range(1, 5)]
PRICES = ("0.00", "0.35", "2.50", "19.99")
STEPS = ("processing", "shipped", "delivered", "paid")

orders = st.sampled_from(ORDERS)
products = st.sampled_from(PRODUCTS)
actors = st.sampled_from([Actor(), Actor("user:42", frozenset({"clerk"})), Actor("ada")])
versions = st.sampled_from([None, None, None, 1, 2, 3])


@st.composite
def _line(draw: st.DrawFn) -> dict[str, Any]:
    line = {"product_id": str(draw(products)), "quantity": draw(st.integers(1, 4))}
    price, discount = draw(st.sampled_from((None, *PRICES))), draw(st.sampled_from(("0", "0.15")))
    return {**line, "unit_price": price, "discount": discount}


@st.composite
def _create_order(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "order_id": str(draw(orders)),
        "customer_id": str(draw(st.sampled_from(CUSTOMERS))),
        "items": draw(st.lists(_line(), min_size=0, max_size=3)),
        "shipping": draw(st.sampled_from(PRICES)),
    }


@st.composite
def _add_order_item(draw: st.DrawFn) -> dict[str, Any]:
    line = draw(_line())
    return {**line, "order_id": str(draw(orders)), "expected_version": draw(versions)}


@st.composite
def _process_payment(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "order_id": str(draw(orders)),
        "amount": draw(st.sampled_from(("0.00", "2.75", "5.50"))),
        "payment_method": "card",
        "transaction_id": draw(st.sampled_from((None, "T-1", "T-2"))),
        "expected_version": draw(versions),
    }


@st.composite
def _update_order_status(draw: st.DrawFn) -> dict[str, Any]:
    return {"order_id": str(draw(orders)), "status": draw(st.sampled_from(STEPS))}


@st.composite
def _cancel_order(draw: st.DrawFn) -> dict[str, Any]:
    return {"order_id": str(draw(orders)), "reason": "no", "expected_version": draw(versions)}


@st.composite
def _adjust_inventory(draw: st.DrawFn) -> dict[str, Any]:
    change = draw(st.integers(-4, 8).filter(bool))
    return {"product_id": str(draw(products)), "quantity_change": change}


@st.composite
def _register_customer(draw: st.DrawFn) -> dict[str, Any]:
    number = draw(st.integers(1, 2))
    who = draw(st.sampled_from(CUSTOMERS))
    return {"customer_id": str(who), "name": "Ada", "email": f"ada{number}@shop.example"}


@st.composite
def _add_product(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "product_id": str(draw(products)),
        "sku": draw(st.sampled_from(("A", "B", "C"))),
        "name": "Pen",
        "price": draw(st.sampled_from(PRICES)),
        "quantity_available": draw(st.integers(0, 9)),
    }


@st.composite
def _update_customer(draw: st.DrawFn) -> dict[str, Any]:
    """Not the name and the address: orders keep those under which they were taken."""
    city = draw(st.sampled_from((None, "Paris")))
    return {"customer_id": str(draw(st.sampled_from(CUSTOMERS))), "city": city}


@st.composite
def _update_product(draw: st.DrawFn) -> dict[str, Any]:
    level = draw(st.sampled_from((None, 0, 3)))
    return {"product_id": str(draw(products)), "reorder_level": level}


@st.composite
def _change_price(draw: st.DrawFn) -> dict[str, Any]:
    price, cost = draw(st.sampled_from((None, *PRICES))), draw(st.sampled_from((None, "1.00")))
    return {"product_id": str(draw(products)), "price": price, "cost": cost}


def _deactivate_product() -> st.SearchStrategy[dict[str, Any]]:
    return st.just({"product_id": str(PRODUCTS[2])})


KINDS: dict[str, Callable[[], st.SearchStrategy[dict[str, Any]]]] = {
    "orders.create_order": _create_order,
    "orders.add_order_item": _add_order_item,
    "orders.process_payment": _process_payment,
    "orders.update_order_status": _update_order_status,
    "orders.cancel_order": _cancel_order,
    "orders.adjust_inventory": _adjust_inventory,
    "orders.register_customer": _register_customer,
    "orders.add_product": _add_product,
    "orders.update_customer": _update_customer,
    "orders.update_product": _update_product,
    "orders.change_price": _change_price,
    "orders.deactivate_product": _deactivate_product,
}
OFTEN = ("orders.create_order", "orders.process_payment", "orders.update_order_status")


@st.composite
def _command(draw: st.DrawFn) -> Envelope:
    name = draw(st.sampled_from((*KINDS, *OFTEN, *OFTEN)))
    return Envelope(draw(st.uuids()), name, draw(KINDS[name]()), draw(actors))


def opening() -> list[Envelope]:
    """A customer and two products, so that the first order may succeed."""
    customer = {"customer_id": str(CUSTOMERS[0]), "name": "Ada", "email": "ada1@shop.example"}
    made = [Envelope(UUID(int=4 << 76 | 1), "orders.register_customer", customer)]
    for number, sku in enumerate("AB"):
        product = {"product_id": str(PRODUCTS[number]), "sku": sku, "name": "Pen", "price": "2.50"}
        payload = {**product, "quantity_available": 9}
        made.append(Envelope(UUID(int=5 << 76 | number), "orders.add_product", payload))
    return made


def paid_for(order_id: UUID, amount: str) -> Envelope:
    """A payment with the right amount."""
    payload = {"order_id": str(order_id), "amount": amount, "payment_method": "card"}
    return Envelope(UUID(int=6 << 76 | order_id.int & 0xFF), "orders.process_payment", payload)


def one_pen(order_id: UUID, *, quantity: int = 1) -> Envelope:
    """An order over pens for 2.50 each, no shipping: 2.75 with tax for one."""
    items = [{"product_id": str(PRODUCTS[0]), "quantity": quantity}]
    payload = {"order_id": str(order_id), "customer_id": str(CUSTOMERS[0]), "items": items}
    named = UUID(int=7 << 76 | order_id.int & 0xFF)
    return Envelope(named, "orders.create_order", {**payload, "shipping": "0.00"})


def a_gift_with(order_id: UUID) -> Envelope:
    """A line for nothing: it changes an order's version and number of lines, not its amounts."""
    line = {"product_id": str(PRODUCTS[1]), "quantity": 1, "unit_price": "0.00"}
    named = UUID(int=8 << 76 | order_id.int & 0xFF)
    return Envelope(named, "orders.add_order_item", {"order_id": str(order_id), **line})


def a_step_of(order_id: UUID, number: int, name: str, **payload: Any) -> Envelope:
    """A command about an order, with an id of its own."""
    named = UUID(int=(9 + number) << 76 | order_id.int & 0xFF)
    return Envelope(named, name, {"order_id": str(order_id), **payload})


@st.composite
def _life(draw: st.DrawFn, order_id: UUID) -> list[Envelope]:
    """An order's life, up to some step: all of it is accepted if nobody comes in between."""
    quantity, extended = draw(st.integers(1, 2)), draw(st.booleans())
    life = [one_pen(order_id, quantity=quantity), *([a_gift_with(order_id)] if extended else [])]
    life.append(paid_for(order_id, ("2.75", "5.50")[quantity - 1]))
    for number, status in enumerate(("processing", "shipped", "delivered")):
        life.append(a_step_of(order_id, number, "orders.update_order_status", status=status))
    lived = life[: draw(st.integers(1, len(life)))]
    if draw(st.booleans()):
        lived.append(a_step_of(order_id, 3, "orders.cancel_order", reason="no"))
    return lived


@st.composite
def trades(draw: st.DrawFn) -> list[Envelope]:
    """Commands in an order: the lives of some orders, in between each other and anything else.

    Some commands come twice; some use an id of another payload again.
    """
    lives = [draw(_life(order_id)) for order_id in draw(st.lists(orders, max_size=3, unique=True))]
    lives.append(draw(st.lists(_command(), min_size=1, max_size=15)))
    turns = draw(st.permutations([n for n, life in enumerate(lives) for _ in life]))
    queues = [iter(life) for life in lives]
    sent = opening()
    for turn in turns:
        fresh = next(queues[turn])
        match draw(st.integers(0, 19)):
            case 0:
                sent += [fresh, draw(st.sampled_from(sent))]
            case 1:
                sent += [fresh, replace(fresh, id=draw(st.sampled_from(sent)).id)]
            case _:
                sent.append(fresh)
    return sent
