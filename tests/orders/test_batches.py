"""A batch gives each command what it would have had alone: receipt, rows, events, audit trail."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, example, given, settings

from models.orders.write import metadata
from tests.conftest import Database
from tests.orders.trades import ORDERS, a_gift_with, one_pen, opening, paid_for, trades
from worker.commands.executor import execute
from worker.commands.receipts import Outcome
from worker.contracts import Envelope, Receipt

TABLES = [table.fullname for table in metadata.tables.values()]
_NUMBER = re.compile(r"ORD-\d{4}-\d{5,}")


def test_a_batch_is_the_same_as_its_commands_one_by_one(database: Database) -> None:
    @settings(
        max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @example([*opening(), one_pen(ORDERS[0]), a_gift_with(ORDERS[0])])
    @given(trades())
    def check(sent: list[Envelope]) -> None:
        together = after(database, lambda: execute(sent).outcomes)
        one_by_one = after(
            database, lambda: [outcome for one in sent for outcome in execute([one]).outcomes]
        )
        assert together == one_by_one

    check()


def test_an_orders_whole_life_fits_into_one_batch(database: Database) -> None:
    order_id = ORDERS[0]
    life = [*opening(), one_pen(order_id, quantity=2), paid_for(order_id, "5.50")]

    receipts = execute(life).outcomes

    assert all(isinstance(one, Receipt) and one.succeeded for one in receipts), receipts
    with database.connect() as connection:
        (transactions,) = connection.execute(
            "SELECT count(DISTINCT xmin::text) FROM cqrs.events"
        ).fetchone() or (None,)
    assert transactions == 1


def after(database: Database, act: Callable[[], Sequence[Outcome]]) -> dict[str, Any]:
    """Empty the database, act, and say what came of it, without times and drawn numbers."""
    _empty(database)
    outcomes = [_outcome(one) for one in act()]
    with database.connect() as connection:
        rows = {table: _rows(connection, table) for table in TABLES}
        trail = _trail(connection)
        events = _events(connection)
    return {"outcomes": outcomes, "rows": rows, "trail": trail, "events": events}


def _empty(database: Database) -> None:
    engine = "cqrs.events, cqrs.streams, cqrs.receipts, cqrs.audit_log"
    with database.connect() as connection:
        connection.execute(f"TRUNCATE {engine}, {', '.join(TABLES)} RESTART IDENTITY")


def _outcome(outcome: Outcome) -> Any:
    if not isinstance(outcome, Receipt):
        return type(outcome).__name__, str(outcome)
    said = outcome.to_json()
    del said["completed_at"]
    said["position"] = said["position"] is not None
    return _plain(said)


def _rows(connection: Any, table: str) -> list[Any]:
    rows = connection.execute(f"SELECT to_jsonb(t)::text FROM {table} AS t ORDER BY 1").fetchall()
    return sorted((_plain(_exact(text)) for (text,) in rows), key=str)


def _trail(connection: Any) -> dict[str, list[Any]]:
    """Every entity's changes in their order, with who made them."""
    trail: dict[str, list[Any]] = {}
    for entity, key, *change in connection.execute(
        "SELECT entity_type, entity_id, operation, actor, command_id::text, changed_fields,"
        " old_values::text, new_values::text FROM cqrs.audit_log ORDER BY audit_id"
    ):
        *said, old, new = change
        changed = [*said, *(_plain(_exact(text)) for text in (old, new))]
        trail.setdefault(f"{entity} {key}", []).append(changed)
    return trail


def _events(connection: Any) -> list[Any]:
    """The log in its order: positions differ where batches left gaps, the order does not."""
    rows = connection.execute(
        "SELECT stream, version, type, metadata ->> 'command_id', metadata ->> 'actor', data::text"
        " FROM cqrs.events ORDER BY position"
    ).fetchall()
    return [[*said, _plain(_exact(data))] for *said, data in rows]


def _exact(text: str | None) -> Any:
    return None if text is None else json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _plain(value: Any) -> Any:
    """A value without what no two runs share: times are present or not, order numbers nameless."""
    match value:
        case dict():
            return {key: _field(key, inner) for key, inner in value.items()}
        case list():
            return [_plain(inner) for inner in value]
        case str():
            return _NUMBER.sub("ORD", value)
        case _:
            return value


def _field(key: str, value: Any) -> Any:
    return value is not None if key.endswith("_at") else _plain(value)
