"""Write a command in your own transaction: it runs if and only if that commits."""

import psycopg

from tasks.orders.commands import register_customer
from worker import get_settings, uuid7

# An SQLAlchemy connection or session is as good.
with psycopg.connect(get_settings().servers.database) as connection:
    email = f"{uuid7()}@example.org"
    connection.execute("CREATE TABLE IF NOT EXISTS signups (email text)")
    connection.execute("INSERT INTO signups VALUES (%s)", [email])
    handle = register_customer.enqueue(connection, email=email, name="Grace")

print(handle.receipt(timeout=10).status)
