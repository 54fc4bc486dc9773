"""A read model is declared once: its class is its table, and the table is made from it."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from tests.conftest import Database
from worker.base import db
from worker.contracts import Event, Money, Name, ReadRow
from worker.contracts.tables import named, read_table
from worker.event_log import StoredEvent
from worker.store.read_tables import create_read_tables
from worker.subscriptions.projection import row_from

Cents = Annotated[Decimal, sa.Numeric(14, 2)]


class Colour(StrEnum):
    RED = "red"


class Line(ReadRow):
    text: str


class Thing(ReadRow):
    thing_id: UUID
    name: str
    colour: Colour
    price: Cents
    discount: Cents | None
    count: int
    good: bool
    lines: tuple[Line, ...]
    made_at: datetime
    sold_on: date | None
    worth: Money | None


def declared(**options: Any) -> sa.Table:
    by_name = sa.Index("toys_by_name", "name")
    return read_table(
        Thing, sa.MetaData(schema="query"), "toys", by_name, key="thing_id", **options
    )


@pytest.mark.parametrize(
    ("column", "kind", "nullable"),
    [
        ("thing_id", "uuid", "NO"),
        ("name", "text", "NO"),
        ("colour", "text", "NO"),
        ("price", "numeric", "NO"),
        ("discount", "numeric", "YES"),
        ("count", "integer", "NO"),
        ("good", "boolean", "NO"),
        ("lines", "jsonb", "NO"),
        ("made_at", "timestamp with time zone", "NO"),
        ("sold_on", "date", "YES"),
        ("worth", "numeric", "YES"),
    ],
)
def test_each_field_is_a_column_of_its_kind(
    created: Database, column: str, kind: str, nullable: str
) -> None:
    with created.connect() as connection:
        found = connection.execute(
            "SELECT data_type, is_nullable FROM information_schema.columns"
            " WHERE table_schema = 'query' AND table_name = 'toys_v3' AND column_name = %s",
            [column],
        ).fetchone()

    assert found == (kind, nullable)


@pytest.fixture
def created(own_database: Database) -> Database:
    engine = sa.create_engine(db.sqlalchemy_url(own_database.url))
    with engine.begin() as connection:
        create_read_tables(connection, [declared(version=3, postgresql_with={"fillfactor": 70})])
    engine.dispose()
    return own_database


def test_the_table_of_a_version_stands_behind_a_plain_view(created: Database) -> None:
    with created.connect() as connection:
        (view,) = connection.execute("SELECT pg_get_viewdef('query.toys'::regclass)").fetchone()  # type: ignore[misc]
        indexes = connection.execute(
            "SELECT indexname::text FROM pg_indexes WHERE tablename = 'toys_v3' ORDER BY 1"
        ).fetchall()
        (options,) = connection.execute(  # type: ignore[misc]
            "SELECT reloptions FROM pg_class WHERE relname = 'toys_v3'"
        ).fetchone()

    assert "toys_v3" in view
    assert indexes == [("toys_v3_by_name",), ("toys_v3_pkey",)]
    assert options == ["fillfactor=70"]


def test_readers_may_read_it_and_no_more(created: Database) -> None:
    with created.connect() as connection:
        may = connection.execute(
            "SELECT has_table_privilege('cqrs_reader', 'query.toys', 'SELECT'),"
            " has_table_privilege('cqrs_reader', 'query.toys', 'INSERT')"
        ).fetchone()

    assert may == (True, False)


def test_a_type_that_says_too_little_is_refused_by_name() -> None:
    class Odd(ReadRow):
        odd_id: UUID
        price: Decimal

    with pytest.raises(TypeError, match=r"Odd\.price.*Decimal"):
        read_table(Odd, sa.MetaData(), "odd", key="odd_id")


@pytest.mark.parametrize("kind", [int | str, int | str | None])
def test_a_type_of_several_is_refused_by_name(kind: Any) -> None:
    class Odd(ReadRow):
        odd_id: UUID
        price: kind

    with pytest.raises(TypeError, match=r"Odd\.price"):
        read_table(Odd, sa.MetaData(), "odd", key="odd_id")


def test_a_text_with_limits_may_be_null() -> None:
    class Customer(ReadRow):
        customer_id: UUID
        nickname: Name | None
        email: Name

    columns = read_table(Customer, sa.MetaData(), "customers", key="customer_id").c
    assert isinstance(columns.nickname.type, sa.Text)
    assert (columns.nickname.nullable, columns.email.nullable) == (True, False)


def test_a_number_as_key_is_drawn_from_no_sequence() -> None:
    """A rebuild's table would hang on the sequence of the first one, which then never goes."""

    class Counted(ReadRow):
        number: int

    table = read_table(Counted, sa.MetaData(), "counted", key="number")
    assert "SERIAL" not in str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


def test_a_key_that_is_no_field_is_refused() -> None:
    with pytest.raises(ValueError, match="no such field"):
        read_table(Line, sa.MetaData(), "lines", key="line_id")


class ThingMade(Event):
    type = "toys.ThingMade"

    thing_id: UUID
    name: str
    weight: int


def test_a_row_takes_by_name_what_an_event_has() -> None:
    table = declared()
    event = ThingMade(thing_id=UUID(int=1), name="ball", weight=3)

    assert named(table, event, count=1) == {"thing_id": UUID(int=1), "name": "ball", "count": 1}


def test_a_row_takes_an_events_fields_and_nothing_else_of_it() -> None:
    columns = [sa.Column(name, sa.Text) for name in ("name", "type", "copy", "schema_version")]
    event = ThingMade(thing_id=UUID(int=1), name="ball", weight=3)

    assert named(sa.Table("toys", sa.MetaData(), *columns), event) == {"name": "ball"}


@pytest.mark.filterwarnings("ignore:Field name .* shadows")
@pytest.mark.parametrize("field", ["type", "schema_version"])
def test_no_field_of_an_event_takes_the_place_of_its_name(field: str) -> None:
    with pytest.raises(TypeError, match=rf"ClassVar.*Renamed\.{field}"):
        type("Renamed", (Event,), {"__annotations__": {field: str}, "__module__": __name__})


def test_a_new_row_of_a_projection_has_every_column() -> None:
    table = declared()
    data = {"thing_id": "1", "name": "ball", "weight": 3, "good": True}
    event = StoredEvent(1, "toy-1", 1, "toys.ThingMade", 1, data, "{}", datetime(2026, 1, 1))  # noqa: DTZ001

    row = row_from(table, event, good=False, count=2)

    assert list(row) == list(Thing.model_fields)
    assert row | {"thing_id": "1", "name": "ball", "good": False, "count": 2} == row
    assert row["discount"] is None
    assert "weight" not in row
