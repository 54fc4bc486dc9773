"""Who asked what: one row of `cqrs.query_audit` for each answer of an audited query, and for each
question that was refused, of whatever query.

The row is written before the answer is handed out, on the primary. If it cannot be written, there
is no answer: an audit with holes is none.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

from worker.base import db
from worker.base.sql import blocks
from worker.contracts import Actor
from worker.queries.consistency import ReadRequirement

_SQL = blocks("worker.queries", "read_side.sql")


def record(
    query: str,
    actor: Actor,
    parameters: str,
    required: ReadRequirement,
    *,
    data: Any,
    as_of: int | None,
    from_cache: bool,
    stale: bool,
    seconds: float,
    refused: bool = False,
) -> None:
    """Write one row; `parameters` is JSON text. Raises ServerUnavailable."""
    row = {
        "query": query,
        "actor": actor.name,
        "parameters": parameters,
        "consistency": str(required.level),
        "after": required.after,
        "as_of": as_of,
        "from_cache": from_cache,
        "stale": stale,
        "rows": rows_in(data),
        "seconds": seconds,
        "refused": refused,
    }
    with db.sender() as connection:
        connection.execute(_SQL["audit_query"], row)


def rows_in(data: Any) -> int:
    """How many rows an answer shows: a list's length, 0 for None, 1 for anything else."""
    if data is None:
        return 0
    return len(data) if isinstance(data, Sized) and isinstance(data, list | tuple) else 1
