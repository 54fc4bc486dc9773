"""A visitor becomes a customer and orders: the row and the command commit together."""

import os
from uuid import uuid4

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from models import Customer
from shop.commands import place_order, stock_product
from shop.queries import orders_of, products_left

URL = os.environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:", 1)

tea = stock_product.delay(name="tea", price="4.20", pieces=3).receipt(timeout=30)
customer_id = uuid4()
with Session(create_engine(URL)) as session, session.begin():
    session.add(Customer(customer_id=customer_id, email=f"{customer_id}@shop.example"))
    session.flush()
    handle = place_order.enqueue(
        session, customer_id=customer_id, product_id=tea.data["product_id"], pieces=2
    )
ordered = handle.receipt(timeout=30)
print(ordered.status, ordered.data["total"])

answer = orders_of.ask(customer_id=customer_id, after=ordered, timeout=30)
print([(order.pieces, str(order.total)) for order in answer.data])
left = products_left.ask(after=ordered, timeout=30)
print([(product.name, product.pieces) for product in left.data])

again = place_order.delay(
    customer_id=customer_id, product_id=tea.data["product_id"], pieces=2
).receipt(timeout=30)
print(again.status, again.error)
