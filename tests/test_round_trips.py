"""What a command costs on the wire, counted by libpq itself."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from psycopg.pq import Trace

from tests.conftest import Database
from tests.support import shop
from worker.base import db
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7


def round_trips(trace: str) -> int:
    """How often the line turned from us to the server: each turn back is one wait."""
    directions = [line.split("\t")[0] for line in trace.splitlines() if line[:1] in ("F", "B")]
    return sum(1 for a, b in pairwise(directions) if (a, b) == ("F", "B"))


def traced(tmp_path: Path, envelopes: list[Envelope]) -> str:
    """Run a batch with libpq's trace on; returns the trace."""
    with db.commands() as connection:
        raw = connection
    with (tmp_path / "trace").open("w+b") as file:
        raw.pgconn.trace(file.fileno())
        raw.pgconn.set_trace_flags(Trace.SUPPRESS_TIMESTAMPS)
        outcomes = execute(envelopes).outcomes
        raw.pgconn.untrace()
        assert all(isinstance(one, Receipt) and one.succeeded for one in outcomes), outcomes
        return (tmp_path / "trace").read_text()


@pytest.mark.parametrize("batch", [1, 50])
def test_an_order_needs_two_round_trips_however_many_are_in_the_batch(
    database: Database, tmp_path: Path, batch: int
) -> None:
    customer, products = shop.customer(), [shop.product(1_000) for _ in range(3)]

    def envelopes() -> list[Envelope]:
        return [
            Envelope(uuid7(), "orders.create_order", shop.order(customer, *products))
            for _ in range(batch)
        ]

    for _ in range(3):
        traced(tmp_path, envelopes())  # statements are prepared on the way
    # On a busy machine the server now and then answers while we still send: the least counts.
    trips = min(round_trips(traced(tmp_path, envelopes())) for _ in range(5))
    assert trips == 2
