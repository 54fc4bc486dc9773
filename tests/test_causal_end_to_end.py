"""From the receipt of a command to the answer of a query, through real worker processes."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from tests.conftest import Database
from tests.support.things.models import Thing
from tests.support.workers import Workers
from worker.cache import server
from worker.contracts import uuid7
from worker.queries.filters import Filters
from worker.queries.query import Reader, query


@query("things.by_id", reads=("things.list",), tags=lambda p: (f"thing:{p.thing_id}",))
def thing(db: Reader, *, thing_id: UUID) -> list[Thing]:
    """One thing."""
    return db.select(Thing, "things", Filters(Thing).eq("thing_id", thing_id))


def test_a_reader_sees_what_it_wrote(things: Database, workers: Workers) -> None:
    from tests.support.things.commands import add_thing, bump_thing

    workers.start(queues=("commands", "projections"))
    server.ask_again()
    thing_id = uuid7()
    made = add_thing.delay(thing_id=thing_id, price=Decimal("2.50")).receipt(30)
    assert thing.ask(thing_id=thing_id, after=made, timeout=30).data[0].n == 0
    for n in range(1, 6):
        receipt = bump_thing.delay(thing_id=thing_id).receipt(30)
        answer = thing.ask(thing_id=thing_id, after=receipt, timeout=30)
        assert answer.data[0].n == n
        assert answer.as_of is not None
        assert receipt.position is not None
        assert answer.as_of >= receipt.position
