"""A row that a fold gets back from the table is the row that it folded, whatever its columns."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy.dialects import postgresql

from tests.conftest import Database
from tests.subscriptions import row_histories as rows
from worker import Row, StoredEvent
from worker.base.db import Connection
from worker.contracts import Event
from worker.subscriptions.projection import Projection
from worker.subscriptions.row_forms import UnfitValue

IN_SUITE = settings(
    report_multiple_bugs=False,
    max_examples=60,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def connection(own_database: Database) -> Iterator[Connection]:
    with own_database.connect() as raw:
        rows.prepare(raw)
        yield raw


def test_one_batch_is_many_is_rebuilt(connection: Connection) -> None:
    projection = rows.projection_of(sa.Text)
    rows.create(connection, projection, "kinds_v1", "kinds_v2")

    @IN_SUITE
    @given(rows.events)
    def holds(history: list[Any]) -> None:
        rows.same_however_folded(connection, projection, history)

    holds()


KEYS: dict[str, tuple[Any, list[Any]]] = {
    "text": (sa.Text, ["5", 5]),
    "varchar": (sa.String(5), ["5", 5]),
    "char": (sa.CHAR(4), ["ab", "ab ", "ab  "]),
    "int": (sa.Integer, [5, "5"]),
    "uuid": (sa.Uuid, [rows.uuid_in_capitals(), rows.uuid_in_capitals().lower()]),
    "timestamptz": (
        sa.DateTime(timezone=True),
        ["2026-11-30T21:40:37.5+02:00", "2026-11-30T19:40:37.500000Z", "2026-11-30 19:40:37.5"],
    ),
    "timestamp": (sa.DateTime, ["2026-11-30T21:40:37", datetime(2026, 11, 30, 21, 40, 37)]),  # noqa: DTZ001
    "date": (sa.Date, ["2026-11-30", "2026-11-30T21:40:37Z"]),
    "time": (sa.Time, ["21:40", "21:40:00"]),
    "numeric": (sa.Numeric(10, 2), ["1.5", "1.50", 1.5, Decimal("1.500")]),
    "boolean": (sa.Boolean, [True, "true", 1]),
    "enumeration": (rows.COLOURS, ["red", rows.Colour.RED]),
}


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_finds_its_row_however_an_event_writes_it(connection: Connection, kind: str) -> None:
    key, spellings = KEYS[kind]
    projection = rows.projection_of(key)
    rows.create(connection, projection, "kinds_v1", "kinds_v2")
    history = [(each, {"count": number}, False, "texts") for number, each in enumerate(spellings)]

    rows.same_however_folded(connection, projection, history)

    assert connection.execute("SELECT count(*) FROM query.kinds_v1").fetchone() == (1,)


@pytest.mark.parametrize(
    "kind", [sa.Float, sa.REAL, sa.Numeric, sa.JSON, postgresql.JSONB, sa.ARRAY(sa.Text)]
)
def test_a_key_that_has_no_one_form_is_refused_when_it_is_declared(kind: Any) -> None:
    with pytest.raises(TypeError, match=r"as the key of a read table.*kinds\.row_id"):
        rows.projection_of(kind)


@pytest.mark.parametrize(
    "kind",
    [
        sa.Interval,
        sa.LargeBinary,
        postgresql.INET,
        postgresql.TSVECTOR,
        postgresql.INT4RANGE,
        postgresql.TIMESTAMP(precision=0),
        sa.Time(timezone=True),
        sa.ARRAY(postgresql.JSONB),
    ],
)
def test_a_column_that_has_no_form_is_refused_when_it_is_declared(kind: Any) -> None:
    key, odd = sa.Column("row_id", sa.Uuid, primary_key=True), sa.Column("odd", kind)
    with pytest.raises(TypeError, match=r"in a read table.*odd\.odd"):
        Projection("rows.odd", sa.Table("odd", sa.MetaData(), key, odd))


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("count", 2**31, "from -2147483648 to 2147483647"),
        ("count", "5.5", "no whole number"),
        ("count", True, "no whole number"),
        ("good", "perhaps", "neither true nor false"),
        ("code", "abcdef", "longer than 5"),
        ("colour", "blue", "none of red"),
        ("score", float("nan"), "no finite number"),
        ("share", 1e300, "no such number"),
        ("total", "ten", "no such number"),
        ("total", 10**12, "has no room"),
        ("id", "18", "UUID"),
        ("at", "yesterday", "isoformat"),
        ("day", 20261130, "no date"),
        ("texts", "{a,b}", "no list"),
        ("grid", [[1.0], [1.0, 2.0]], "not of one length"),
        ("facts", object(), "JSON"),
    ],
)
def test_what_a_column_cannot_hold_is_an_error_of_the_fold_by_name(
    column: str, value: Any, reason: str
) -> None:
    projection = rows.projection_of(sa.Text)
    event = rows.stored(1, "a", {column: value}, False, "texts")
    with pytest.raises(UnfitValue, match=rf"{reason}.*kinds\.{column}") as raised:
        projection.fold({}, projection.calls([event]))
    assert raised.value.__notes__ == ["position 1, stream row-a"]


@pytest.mark.parametrize(
    ("key", "value"),
    [(sa.Integer, "05"), (sa.Integer, 5.0), (sa.Uuid, "{018f0000}"), (sa.Text, None)],
)
def test_a_key_is_written_in_one_way_where_the_server_looks_for_its_text(
    key: Any, value: Any
) -> None:
    projection = rows.projection_of(key)
    with pytest.raises(UnfitValue, match=r"kinds\.row_id"):
        projection.calls([rows.stored(1, value, {}, False, "texts")])


def test_what_is_no_column_is_not_kept_and_what_is_missing_is_null() -> None:
    projection = rows.projection_of(sa.Text)
    folded: dict[str, Any] = {}
    event = rows.stored(1, "a", {"no_column": 1}, False, "texts")
    projection.fold(folded, projection.calls([event]))
    assert list(folded["a"]) == projection.form.columns
    assert folded["a"]["count"] is None


def test_a_row_that_is_another_ones_is_refused() -> None:
    projection = rows.projection_of(sa.Text)
    event = rows.stored(1, "a", {"row_id": "b"}, False, "texts")
    with pytest.raises(UnfitValue, match=r"row of 'a'.*row_id"):
        projection.fold({}, projection.calls([event]))


def test_rows_share_no_list_with_their_event() -> None:
    numbers = [1, 2]
    projection = rows.projection_of(sa.Text)
    event = rows.stored(1, "a", {"facts": numbers}, False, "facts")
    folded: dict[str, Any] = {}
    projection.fold(folded, projection.calls([event]))
    assert folded["a"]["facts"] == numbers
    assert folded["a"]["facts"] is not numbers


class Added(Event):
    """Something was added."""

    type: ClassVar[str] = "tests.Added"


def _kept_by(column: sa.Column[Any]) -> Projection:
    return Projection(
        "kept", sa.Table("kept", sa.MetaData(), sa.Column("id", sa.Text, primary_key=True), column)
    )


def test_what_was_told_of_one_value_is_not_told_of_another_that_equals_it() -> None:
    form = _kept_by(sa.Column("price", sa.Numeric(9, 2))).form
    assert form.row({"id": "a", "price": "1"}, None, form.none, "a")["price"] == "1.00"
    assert form.row({"id": "a", "price": Decimal(1)}, None, form.none, "a")["price"] == "1.00"

    with pytest.raises(UnfitValue, match="it is no number"):
        form.row({"id": "a", "price": True}, None, form.none, "a")


def test_many_more_values_than_are_remembered_are_told_right() -> None:
    form = _kept_by(sa.Column("price", sa.Numeric(9, 2))).form
    for n in [*range(5_000), *range(5_000)]:
        told = form.row({"id": "a", "price": str(n)}, None, form.none, "a")["price"]
        assert told == f"{n}.00"


def test_a_row_that_is_the_events_own_data_is_not_changed() -> None:
    form = _kept_by(sa.Column("price", sa.Numeric(9, 2))).form
    data = {"id": "a", "price": "1"}

    row = form.row(data, None, form.none, "a")

    assert (row["price"], data["price"]) == ("1.00", "1")


def test_a_row_changed_in_place_names_the_list_that_does_not_fit() -> None:
    form = _kept_by(sa.Column("sizes", sa.ARRAY(sa.Integer))).form
    row = form.row({"id": "a", "sizes": [1]}, None, form.none, "a")
    was = form.values(row)
    row["sizes"].append("many")

    with pytest.raises(UnfitValue, match=r"kept\.sizes"):
        form.row(row, row, was, "a")


def test_a_table_of_a_key_alone_has_rows() -> None:
    table = sa.Table("alone", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
    form = Projection("alone", table).form

    assert form.row({"id": "5"}, None, form.none, 5) == {"id": 5}
    with pytest.raises(UnfitValue, match="this is the row of 5"):
        form.row({}, None, form.none, 5)


def test_a_fold_that_returns_its_events_data_leaves_the_event_as_it_is() -> None:
    table = sa.Table(
        "kept",
        sa.MetaData(),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("n", sa.Integer),
    )
    kept = Projection("kept", table)

    @kept.on(Added)
    def _(row: Row | None, event: StoredEvent) -> Row:
        if row is None:
            return event.data
        row["n"] += event.data["n"]
        return row

    now = datetime(2026, 3, 2, tzinfo=UTC)
    events = [
        StoredEvent(place, "kept-a", place, Added.type, 1, {"id": "a", "n": n}, "{}", now)
        for place, n in ((1, 1), (2, 5))
    ]

    for _again in range(2):
        one_by_one: dict[str, Any] = {}
        kept.fold(one_by_one, kept.calls(events))
        all_at_once: dict[str, Any] = {}
        kept.fold_all(all_at_once, events)
        assert one_by_one == all_at_once == {"a": {"id": "a", "n": 6}}
    assert [event.data["n"] for event in events] == [1, 5]
