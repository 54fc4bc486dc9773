"""What must hold when the faults are over, by SQL of its own and not by the engine's word."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import redis as redis_py

from worker import Projection
from worker.base.app import QUEUES
from worker.event_log.subscribers import subscriptions
from worker.rebuild.verify import verify_all

EMPTY = ("cqrs.enqueued_commands", "cqrs.invalidations", "query.parked_events", "cqrs.fences")
"""Tables and views of what waits, or holds somebody up."""

ORDERS = {
    "orders without their event, or with two": """
        SELECT count(*) FROM command.orders AS o WHERE 1 <> (SELECT count(*) FROM cqrs.events AS e
          WHERE e.stream = 'order-' || o.order_id AND e.type = 'orders.OrderCreated')""",
    "receipts of orders without an order": """
        SELECT count(*) FROM cqrs.receipts AS r WHERE r.name = 'orders.create_order'
           AND r.status = 'succeeded' AND NOT EXISTS (SELECT FROM command.orders AS o
               WHERE o.order_id = (r.data ->> 'order_id')::uuid)""",
    "orders without a receipt": """
        SELECT count(*) FROM command.orders AS o WHERE NOT EXISTS (SELECT FROM cqrs.receipts AS r
          WHERE r.name = 'orders.create_order' AND r.status = 'succeeded'
            AND (r.data ->> 'order_id')::uuid = o.order_id)""",
    "pieces reserved beside those in orders": """
        SELECT abs((SELECT sum(quantity_reserved) FROM command.products)
                 - (SELECT coalesce(sum(quantity), 0) FROM command.order_items))""",
    "money paid beside the totals of paid orders": """
        SELECT abs((SELECT coalesce(sum(amount), 0) FROM command.payments)
                 - (SELECT coalesce(sum(total), 0) FROM command.orders WHERE status = 'paid'))""",
    "orders paid twice": """
        SELECT count(*) FROM (SELECT order_id FROM command.payments
                               GROUP BY order_id HAVING count(*) > 1) AS twice""",
    "orders that the read model tells otherwise": """
        SELECT count(*)
          FROM command.orders AS o FULL JOIN query.order_summaries AS q USING (order_id)
         WHERE (o.status, o.total, o.version) IS DISTINCT FROM (q.status, q.total, q.version)""",
}
LAST_BALANCES = """
    SELECT DISTINCT ON (stream) stream, (data ->> 'account_id')::uuid AS account_id,
           (data ->> 'balance')::numeric AS balance
      FROM cqrs.events WHERE stream LIKE 'account-%' ORDER BY stream, version DESC"""
BANK = {
    "money made or lost": f"""
        SELECT abs((SELECT sum(balance) FROM ({LAST_BALANCES}) AS b)
                 - (SELECT sum((data ->> 'balance')::numeric) FROM cqrs.events
                     WHERE type = 'banking.AccountOpened'))""",
    "accounts that the read model tells otherwise": f"""
        SELECT count(*) FROM ({LAST_BALANCES}) AS b
          FULL JOIN query.account_summaries AS q USING (account_id)
         WHERE b.balance IS DISTINCT FROM q.balance""",
    "transfers that have not ended once": """
        SELECT count(*) FROM cqrs.events AS r WHERE r.type = 'banking.TransferRequested' AND 1 <>
          (SELECT count(*) FROM cqrs.events AS e WHERE e.stream = r.stream
              AND e.type IN ('banking.TransferCompleted', 'banking.TransferFailed'))""",
    "transfers whose money went out or came in twice": """
        SELECT count(*)
          FROM (SELECT data ->> 'transfer_id', type, stream FROM cqrs.events
                 WHERE data ->> 'transfer_id' IS NOT NULL
                 GROUP BY 1, 2, 3 HAVING count(*) > 1) AS twice""",
    "sagas that are under way or stuck": """
        SELECT count(*) FROM cqrs.sagas
         WHERE state ->> 'status' NOT IN ('completed', 'failed')""",
}
ENGINE = {
    "commands without a final receipt": """
        SELECT count(*) FROM cqrs.receipts WHERE status = 'submitted'""",
    "dead commands": "SELECT count(*) FROM cqrs.receipts WHERE status = 'dead'",
    "dead letters": "SELECT count(*) FROM cqrs.dead_letters",
    "gaps or doubles in a stream": """
        SELECT count(*) FROM (SELECT stream FROM cqrs.events GROUP BY stream
                               HAVING count(*) <> max(version) OR min(version) <> 1) AS gaps""",
    "subscriptions behind the log": """
        SELECT count(*) FROM cqrs.subscriptions WHERE position < cqrs.horizon()""",
    "subscriptions that failed": "SELECT count(*) FROM cqrs.subscriptions WHERE error IS NOT NULL",
}


GOES_ON = (
    "enqueued commands without a receipt",
    "subscriptions behind the log",
    "sagas that are under way or stuck",
    "commands without a final receipt",
    "rows in cqrs.enqueued_commands",
    "rows in cqrs.invalidations",
)


def judge(url: str, broker: str, enqueued: list[UUID]) -> dict[str, int]:
    """What does not hold, by name, and how often."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = dict(_counts(connection, enqueued))
    found["messages that wait, or that nobody gave back"] = messages(broker)
    projections = [one for one in subscriptions if isinstance(one, Projection)]
    found["rows that differ from a refold"] = sum(
        verify_all(one.name).differing for one in projections
    )
    return {name: count for name, count in found.items() if count}


def unfinished(url: str, enqueued: list[UUID]) -> list[str]:
    """What still goes on; the same questions that are asked at the end, but for the refold."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = dict(_counts(connection, enqueued))
    return [name for name in GOES_ON if found[name]]


def _counts(connection: psycopg.Connection[Any], enqueued: list[UUID]) -> Iterator[tuple[str, int]]:
    yield "enqueued commands without a receipt", len(without_receipt(connection, enqueued))
    for name, question in {**ENGINE, **ORDERS, **BANK}.items():
        yield name, _number(connection, question)
    for table in EMPTY:
        yield f"rows in {table}", _number(connection, f"SELECT count(*) FROM {table}")


def _number(connection: psycopg.Connection[Any], question: str) -> int:
    row = connection.execute(question).fetchone()
    return math.ceil(row[0]) if row and row[0] else 0


def without_receipt(connection: psycopg.Connection[Any], ids: list[UUID]) -> list[UUID]:
    """Of these commands, those that have no final receipt."""
    rows = connection.execute(
        "SELECT id FROM unnest(%s::uuid[]) AS sent (id) WHERE NOT EXISTS"
        " (SELECT FROM cqrs.receipts AS r WHERE r.command_id = id AND r.status <> 'submitted')",
        [ids],
    )
    return [UUID(str(row[0])) for row in rows]


def messages(broker: str) -> int:
    """What waits in the broker's queues, and what it believes workers to have in hand."""
    with redis_py.Redis.from_url(broker) as client:
        waiting = sum(int(client.llen(queue)) for queue in QUEUES)
        return waiting + int(client.hlen("cqrs.unacked"))
