"""Histories of rows with a column of every type, in every spelling that a fold may give."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from itertools import zip_longest
from typing import Any, NamedTuple
from uuid import UUID
from zlib import crc32

import orjson
import sqlalchemy as sa
from hypothesis import strategies as st
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from worker.base.db import Connection
from worker.base.encoding import to_json
from worker.contracts import Event
from worker.event_log import StoredEvent
from worker.rebuild.part import copy_rows
from worker.subscriptions.projection import Projection, ProjectionBatch, Row, read_table

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


class Colour(StrEnum):
    RED = "red"
    GREEN = 'it\'s {green}, "10 %"'


class Changed(Event):
    """Some columns of a row are set; of some, a list grows."""

    type = "rows.Changed"


COLOURS = sa.Enum(*(colour.value for colour in Colour), name="row_colour", schema="query")
KINDS: dict[str, Any] = {
    "good": sa.Boolean,
    "small": sa.SmallInteger,
    "count": sa.Integer,
    "large": sa.BigInteger,
    "words": sa.Text,
    "code": sa.String(5),
    "padded": sa.CHAR(4),
    "colour": COLOURS,
    "score": sa.Float,
    "share": sa.REAL,
    "total": sa.Numeric(14, 2),
    "pieces": sa.Numeric(6),
    "rough": sa.Numeric(4, -2),
    "fine": sa.Numeric(2, 4),
    "exact": sa.Numeric,
    "id": sa.Uuid,
    "at": sa.DateTime(timezone=True),
    "wall": sa.DateTime,
    "day": sa.Date,
    "hour": sa.Time,
    "kept": sa.JSON,
    "facts": postgresql.JSONB,
    "numbers": sa.ARRAY(sa.Integer),
    "texts": sa.ARRAY(sa.Text),
    "codes": sa.ARRAY(sa.CHAR(4)),
    "sums": sa.ARRAY(sa.Numeric(14, 2)),
    "shares": sa.ARRAY(sa.REAL),
    "ids": postgresql.ARRAY(sa.Uuid),
    "times": sa.ARRAY(sa.DateTime(timezone=True)),
    "flags": sa.ARRAY(sa.Boolean),
    "colours": sa.ARRAY(COLOURS),
    "grid": sa.ARRAY(sa.Float, dimensions=2),
    "seen": sa.Text,
}
"""Every type that a read table may have. `seen` is what the last fold got, in words."""

_words = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=8)
_whole = st.integers(-(2**15), 2**15 - 1)
_floats = st.floats(allow_nan=False, allow_infinity=False)
_singles = st.floats(allow_nan=False, allow_infinity=False, width=32)
_money = st.decimals(-(10**8), 10**8, places=4)
_zones = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=3.5))])
_moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1))  # noqa: DTZ001
_zoned = st.builds(lambda moment, zone: moment.replace(tzinfo=zone), _moments, _zones)
_colour = st.sampled_from([*Colour, "red"])
_plain = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | _floats | _words
_plain |= st.sampled_from([-0.0, 1e16, 1.5e18, 1e22, 1e-9, "3e5"])
_nested = st.recursive(
    _plain,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_words, inner, max_size=3),
    max_leaves=6,
) | st.tuples(st.uuids(), _zoned.map(lambda at: at.astimezone(UTC)))


def _spelled(values: st.SearchStrategy[Any], *ways: Any) -> st.SearchStrategy[Any]:
    return st.one_of(values, *(values.map(way) for way in ways))


def _lists(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.none() | values, max_size=3) | st.tuples(values)


_ids = _spelled(st.uuids(), str, lambda one: str(one).upper(), lambda one: one.hex)
_times = _spelled(_zoned, str, datetime.isoformat, lambda at: at.isoformat().replace("+00:00", "Z"))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "good": _spelled(st.booleans(), int, str),
    "small": _spelled(_whole, str, float),
    "count": _spelled(_whole, str, Decimal),
    "large": _spelled(st.integers(-(2**63), 2**63 - 1), str),
    "words": _words | _whole | _floats | st.uuids() | _colour | _zoned | st.booleans(),
    "code": st.text("ab' \\\t{}\n", max_size=5) | st.just("x       "),
    "padded": st.text("ab' \\{}", max_size=4) | st.just("x       "),
    "colour": _spelled(_colour, str),
    "score": _spelled(_floats, str) | st.integers(-(10**20), 10**20),
    "share": _spelled(_singles, str) | st.floats(-1e30, 1e30),
    "total": _spelled(_money, str, float, lambda one: f"{one:E}") | _whole,
    "pieces": st.floats(-999999, 999999) | _whole,
    "rough": _whole | _spelled(st.decimals(-99999, 99999, places=1), str),
    "fine": st.sampled_from(["0.0099", "-0.00004", 0.00125, Decimal("1e-9"), 0]),
    "exact": _spelled(_money, str, float, lambda one: f"{one:E}") | st.just("1.50e-40"),
    "id": _ids,
    "at": _times | _moments.map(datetime.isoformat),
    "wall": _times | _moments,
    "day": _spelled(st.dates(date(2, 1, 1)), str) | _spelled(_moments, datetime.isoformat),
    "hour": _spelled(st.times(), str) | st.just(time(1, 2)),
    "kept": _nested,
    "facts": _nested,
    "numbers": _lists(_spelled(_whole, str)),
    "texts": _lists(_words | st.just("NULL") | _whole),
    "codes": _lists(st.text("ab' \\{},", max_size=4)),
    "sums": _lists(_spelled(_money, str, float)),
    "shares": _lists(_singles),
    "ids": _lists(_ids),
    "times": _lists(_times),
    "flags": _lists(st.booleans()),
    "colours": _lists(_colour),
    "grid": st.lists(st.lists(_floats, min_size=2, max_size=2), max_size=2) | st.just([[], []]),
}
LISTS = ("numbers", "texts", "facts", "kept")

changes = st.fixed_dictionaries({}, optional=VALUES) | st.fixed_dictionaries(
    {}, optional={name: st.none() | values for name, values in VALUES.items()}
)
events = st.lists(
    st.tuples(st.sampled_from(["a", "b"]), changes, st.booleans(), st.sampled_from(LISTS)),
    min_size=1,
    max_size=6,
)
"""Of each event: its row, what it sets, whether in place, and which list grows."""


def fold(row: Row | None, event: StoredEvent) -> Row:
    """Sets columns, lets a list grow in place, and writes down what it got."""
    got = [(name, (row or {}).get(name)) for name in KINDS if name != "seen"]
    before = crc32(str((row or {}).get("seen")).encode())
    made: Row = {"row_id": event.data["row_id"]} if row is None else row
    made = made if event.data["in_place"] else dict(made)
    grows = made.get(event.data["grows"])
    if isinstance(grows, list):
        grows.append(7)
    made.update(event.data["changes"])
    made["seen"] = "\n".join(map(repr, [before, *_in_order(got)]))
    return made


def _in_order(value: Any) -> Any:
    """Of a JSON object the order of keys is not kept."""
    if isinstance(value, dict):
        return sorted((key, _in_order(inner)) for key, inner in value.items())
    return [_in_order(inner) for inner in value] if isinstance(value, list | tuple) else value


def projection_of(key: Any, name: str = "kinds") -> Projection:
    """A projection over a table with a column of every type; it is not registered."""
    columns = [sa.Column(column, kind) for column, kind in KINDS.items()]
    metadata = sa.MetaData(schema="query")
    table = sa.Table(name, metadata, sa.Column("row_id", key, primary_key=True), *columns)
    made = Projection(f"rows.{name}", table)
    made.on(Changed)(fold)
    return made


def create(connection: Connection, projection: Projection, *tables: str) -> None:
    """Its tables, bare."""
    for name in tables:
        copy = projection.table.to_metadata(sa.MetaData(), schema="query", name=name)
        connection.execute(str(CreateTable(copy).compile(dialect=DIALECT)))


def stored(number: int, row_id: Any, *what: Any) -> StoredEvent:
    """One event of a history, as a fold gets it."""
    changed, in_place, grows = what
    data = {"row_id": row_id, "changes": changed, "in_place": in_place, "grows": grows}
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return StoredEvent(number, f"row-{row_id}", number, Changed.type, 1, data, "{}", at)


def _lines(value: Any) -> list[str]:
    return str(value).split("\n")


class Outcome(NamedTuple):
    """The rows of a table, or the error that stopped the folds."""

    rows: list[dict[str, Any]]
    error: str | None

    def differs(self, other: Outcome) -> dict[str, Any]:
        """What is not the same, column by column."""
        if len(self.rows) != len(other.rows) or self.error != other.error:
            return {"": (self, other)}
        return {
            name: [pair for pair in zip_longest(_lines(mine), _lines(theirs)) if len({*pair}) > 1]
            for one, another in zip(self.rows, other.rows, strict=True)
            for name, mine, theirs in ((name, one[name], another[name]) for name in one)
            if mine != theirs
        }


def in_batches(
    connection: Connection, projection: Projection, table: str, batches: Sequence[list[StoredEvent]]
) -> Outcome:
    """What live batches make of a table."""
    connection.execute(f"TRUNCATE query.{table}")
    error = None
    try:
        for batch in batches:
            with connection.transaction():
                one = ProjectionBatch(projection, batch, table)
                one.request(connection)
                one.fold()
                one.write(connection)
    except ValueError as raised:
        error = str(raised)
    return Outcome(_rows(connection, table), error)


def anew(
    connection: Connection, projection: Projection, table: str, history: list[StoredEvent]
) -> Outcome:
    """What a rebuild makes of it. Its rows come back from the table as they are in memory."""
    rows: dict[Any, Row | None] = {}
    connection.execute(f"TRUNCATE query.{table}")
    projection.fold_all(rows, history)
    copy_rows(connection, projection.table, table, filter(None, rows.values()))
    statements = read_table(projection.table, table)
    for row in map(statements.form.loaded, connection.execute(statements.load, [to_json([*rows])])):
        folded = rows[row["row_id"]] or {}
        unlike = {name for name in row if _told(row[name]) != _told(folded[name])}
        assert {name: (row[name], folded[name]) for name in unlike} == {}
    return Outcome(_rows(connection, table), None)


def _told(value: Any) -> str:
    return repr(_in_order(value))


def _rows(connection: Connection, table: str) -> list[dict[str, Any]]:
    with connection.cursor(row_factory=dict_row) as cursor:
        columns = ", ".join(f"{name}::text" for name in ("row_id", *KINDS))
        return cursor.execute(f"SELECT {columns} FROM query.{table} ORDER BY 1").fetchall()


def prepare(connection: Connection) -> None:
    """A session with settings that no form may depend on, and the type of colours."""
    set_json_loads(orjson.loads, connection)
    connection.autocommit = True
    connection.execute("SET timezone = 'Asia/Kathmandu'; SET datestyle = 'German, DMY'")
    names = ", ".join("'" + colour.replace("'", "''") + "'" for colour in Colour)
    connection.execute(f"CREATE TYPE query.row_colour AS ENUM ({names})")


def same_however_folded(
    connection: Connection, projection: Projection, history: Sequence[Any]
) -> None:
    """One batch, a batch an event, and all anew: the same rows, from the same rows."""
    events = [stored(number, *event) for number, event in enumerate(history, 1)]
    new = anew(connection, projection, "kinds_v2", events)
    one = in_batches(connection, projection, "kinds_v1", [events])
    many = in_batches(connection, projection, "kinds_v1", [[event] for event in events])
    assert (many.differs(one), new.differs(one)) == ({}, {})


def uuid_in_capitals() -> str:
    """A key as some clients write it."""
    return str(UUID("018f0000-0000-7000-8000-0000000000ab")).upper()
