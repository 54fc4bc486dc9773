"""What the database holds and Python cannot: who asks is not to blame."""

from __future__ import annotations

import pytest

from tests.read_side.conftest import ReadSide
from tests.support.things.models import thing_id
from tests.support.things.queries import paged, thing, uncached_thing
from worker.queries.errors import InvalidQuery, UnreadableAnswer


@pytest.mark.parametrize("value", ["infinity", "-infinity", "0044-03-15 00:00Z BC", "20000-01-01Z"])
def test_a_time_that_python_cannot_hold_is_told_by_its_column(things: ReadSide, value: str) -> None:
    things.visit("ink")
    things.visit("pen")
    things.project()
    things.connection.execute(
        "UPDATE query.things_v1 SET updated_at = %s WHERE name = 'pen'", [value]
    )
    for ask in (lambda: uncached_thing.ask(name="pen"), lambda: paged.ask(order=("updated_at",))):
        with pytest.raises(UnreadableAnswer, match=r"in updated_at\. Mend the row") as told:
            ask()
        assert not isinstance(told.value, InvalidQuery)
        assert "(query things." in str(told.value)
        assert told.value.__cause__ is None
    assert thing.ask(name="ink").data is not None, "the others are shown"


def test_a_row_that_is_not_what_its_class_says_is_told_without_its_value(things: ReadSide) -> None:
    things.visit("pen", price="1.00")
    things.project()
    things.connection.execute(
        "UPDATE query.things_v1 SET parts = %s WHERE thing_id = %s",
        ['["secret"]', thing_id("pen")],
    )
    with pytest.raises(UnreadableAnswer, match=r"not what Thing says of it: parts\.0: ") as told:
        uncached_thing.ask(name="pen")
    assert "secret" not in str(told.value)
