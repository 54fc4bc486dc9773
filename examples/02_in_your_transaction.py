"""Write a command in your own transaction: it runs if and only if that commits."""

import sqlalchemy as sa

from tasks.orders.commands import register_customer
from worker.base import db

engine = sa.create_engine(db.sqlalchemy_url(db.database_url()))
with engine.begin() as connection:
    connection.execute(sa.text("CREATE TABLE IF NOT EXISTS signups (email text)"))
    connection.execute(sa.text("INSERT INTO signups VALUES ('grace@example.org')"))
    handle = register_customer.enqueue(connection, email="grace@example.org", name="Grace")

print(handle.receipt(timeout=10).status)
