"""The filter builder: what it finds, what it refuses, and that nobody gets out of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from tests.read_side.conftest import ReadSide
from tests.read_side.injections import INJECTIONS
from tests.support.things.history import tags_of
from tests.support.things.models import Thing
from tests.support.things.queries import listed, thing
from worker import cache
from worker.queries.conditions import Op, Where
from worker.queries.errors import InvalidQuery, UnknownQuery
from worker.queries.filters import Filters
from worker.queries.query import ask

CODE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
WHEN = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def stock(things: ReadSide) -> ReadSide:
    """Five things: pen 5, ink 4, cap 3, %off 2, O'Neil 1."""
    rows = [
        ("pen", 5, "9.99", "a", CODE),
        ("ink", 4, "0.50", "b", None),
        ("cap", 3, "12.00", None, None),
        ("%off", 2, "1.00", "a", None),
        ("O'Neil", 1, "100.00", "c", None),
    ]
    things.connection.cursor().executemany(INSERT, rows)
    return things


INSERT = """
    INSERT INTO query.things_v1
           (thing_id, name, moves, price, note, code, owner, n, changes, places, shipped, parts,
            labels, updated_at)
    VALUES (gen_random_uuid(), %s, %s, %s, %s, %s, '', 0, 0, '', false, '[]', '{}',
            '2024-05-01 00:00Z')
"""


def found(*where: Where, **page: Any) -> list[str]:
    return [row.name for row in listed.ask(where=where, order_by=("-moves",), **page).data]


@pytest.mark.parametrize(
    ("column", "op", "value", "expected"),
    [
        ("name", Op.EQ, "O'Neil", ["O'Neil"]),
        ("note", Op.EQ, None, ["cap"]),
        ("note", Op.NE, None, ["pen", "ink", "%off", "O'Neil"]),
        ("note", Op.NE, "a", ["ink", "cap", "O'Neil"]),
        ("moves", Op.LT, 3, ["%off", "O'Neil"]),
        ("moves", Op.LE, "3", ["cap", "%off", "O'Neil"]),
        ("price", Op.GT, Decimal("9.99"), ["cap", "O'Neil"]),
        ("price", Op.GE, "9.99", ["pen", "cap", "O'Neil"]),
        ("moves", Op.IN, [1, 5, 99], ["pen", "O'Neil"]),
        ("name", Op.IN, ["ink", "cap"], ["ink", "cap"]),
        ("name", Op.IN, [], []),
        ("code", Op.EQ, str(CODE), ["pen"]),
        ("code", Op.IN, [CODE], ["pen"]),
        ("name", Op.LIKE, "%e%", ["pen", "O'Neil"]),
        ("name", Op.LIKE, r"\%%", ["%off"]),
        ("name", Op.LIKE, "_n_", ["ink"]),
        ("note", Op.LIKE, "a", ["pen", "%off"]),
        ("moves", Op.BETWEEN, [2, 4], ["ink", "cap", "%off"]),
        ("updated_at", Op.GE, WHEN, ["pen", "ink", "cap", "%off", "O'Neil"]),
        ("updated_at", Op.GT, "2024-05-01T00:00:00Z", []),
    ],
)
def test_a_condition_compiles_to_what_it_says(
    stock: ReadSide, column: str, op: Op, value: Any, expected: list[str]
) -> None:
    assert found(Where(column=column, op=op, value=value)) == expected


def test_conditions_must_all_hold(stock: ReadSide) -> None:
    both = (Where(column="note", value="a"), Where(column="moves", op=Op.LT, value=5))
    assert found(*both) == ["%off"]


def test_a_page_is_cut_out_of_the_order(stock: ReadSide) -> None:
    assert found(limit=2, offset=1) == ["ink", "cap"]
    rows = listed.ask(order_by=("note", "-moves"), limit=3).data
    assert [row.name for row in rows] == ["pen", "%off", "ink"]


def test_conditions_come_as_plain_data_too(stock: ReadSide) -> None:
    plain: Any = [{"column": "moves", "op": "between", "value": [1, 2]}]
    answer = listed.ask(where=plain)
    assert len(answer.data) == 2


def test_the_builder_reads_like_the_question() -> None:
    filters = (
        Filters(Thing)
        .eq("note", "a").ne("name", "ink").lt("moves", 9).le("moves", 8).gt("moves", 1)
        .ge("moves", 2).in_("moves", [4, 5]).like("name", "p%").between("price", 1, 20)
        .order_by("-updated_at", "name").limit(10).offset(5)
    )  # fmt: skip
    text, parameters = filters.compile("things")
    assert isinstance(text, sql.Composed)
    assert text.as_string() == (
        'SELECT "thing_id", "name", "owner", "price", "n", "changes", "moves", "places", "shipped",'
        ' "note", "code", "parts", "labels", "updated_at" FROM "query"."things"'
        ' WHERE "note" = %(w0)s AND "name" IS DISTINCT FROM %(w1)s AND "moves" < %(w2)s'
        ' AND "moves" <= %(w3)s AND "moves" > %(w4)s AND "moves" >= %(w5)s'
        ' AND "moves" = ANY (%(w6)s) AND "name" LIKE %(w7)s'
        ' AND "price" BETWEEN %(w8_low)s AND %(w8_high)s'
        ' ORDER BY "updated_at" DESC, "name" ASC, "thing_id" ASC LIMIT %(limit)s OFFSET %(offset)s'
    )
    assert parameters["w8_low"] == Decimal(1)
    assert (parameters["limit"], parameters["offset"]) == (10, 5)


def test_what_is_wanted_of_columns_is_equality_and_none_wants_nothing() -> None:
    built = Filters(Thing).matching(name="pen", note=None, shipped=False)

    assert built == Filters(Thing).eq("name", "pen").eq("shipped", False)
    assert Filters(Thing).matching() == Filters(Thing)


def test_a_filter_is_immutable() -> None:
    plain = Filters(Thing)
    plain.eq("name", "pen").order_by("moves")
    assert plain == Filters(Thing)


@pytest.mark.parametrize(
    ("column", "op", "value", "why"),
    [
        ("movs", Op.EQ, 1, r"no column 'movs'; did you mean moves\?"),
        ("", Op.EQ, 1, "there are thing_id, name"),
        ("moves", Op.EQ, "many", "moves: .*valid integer"),
        ("price", Op.GT, "NaN", "price: .*finite"),
        ("code", Op.EQ, "not-a-uuid", "valid UUID"),
        ("updated_at", Op.LT, "yesterday", "valid datetime"),
        ("moves", Op.LT, None, "eq and ne alone"),
        ("moves", Op.IN, 5, "list of values"),
        ("name", Op.IN, "pen", "list of values"),
        ("moves", Op.IN, list(range(1_001)), "at most 1000"),
        ("moves", Op.IN, [1, None], "eq and ne alone"),
        ("moves", Op.BETWEEN, [1], "two values"),
        ("moves", Op.LIKE, "1%", "holds none"),
        ("labels", Op.LIKE, "x%", "holds a list or a document"),
        ("labels", Op.EQ, ["x"], "holds a list or a document"),
        ("parts", Op.EQ, [{"place": "x"}], "holds a list or a document"),
        ("parts", Op.IN, [[1]], "holds a list or a document"),
        ("moves", Op.EQ, 2**200, "more than 128 bits"),
        ("name", Op.EQ, b"\xff", "valid string|UTF-8|unicode"),
        ("name", Op.LIKE, "x" * 201, "at most 200"),
        ("name", Op.LIKE, "x\\", "escapes nothing"),
        ("name", Op.EQ, "a\0b", "NUL"),
        ("name", Op.LIKE, "a\0b", "NUL"),
    ],
)
def test_a_condition_that_cannot_be_is_refused_by_name(
    column: str, op: Op, value: Any, why: str
) -> None:
    where = Where.model_construct(column=column, op=op, value=value)
    with pytest.raises(InvalidQuery, match=why):
        Filters(Thing).where(where)


@pytest.mark.parametrize("rows", [0, -1, 1_001, 10**9, True, "5", 1.0])
def test_a_limit_is_a_bounded_whole_number(rows: Any) -> None:
    with pytest.raises(InvalidQuery, match=r"limit: is .*1 to 1,000"):
        Filters(Thing).limit(rows)


@pytest.mark.parametrize("rows", [-1, 1_000_001, 10**30, False, None])
def test_an_offset_is_a_bounded_whole_number(rows: Any) -> None:
    with pytest.raises(InvalidQuery, match="offset"):
        Filters(Thing).offset(rows)


def test_there_is_a_limit_to_conditions() -> None:
    with pytest.raises(InvalidQuery, match="at most 50 conditions"):
        Filters(Thing).where(*[Where(column="moves", value=n) for n in range(51)])


def test_a_query_with_an_unknown_column_names_itself(things: ReadSide) -> None:
    with pytest.raises(InvalidQuery, match=r"no column 'x'.*\(query things.listed\)"):
        listed.ask(where=(Where(column="x", value=1),))
    with pytest.raises(InvalidQuery, match=r"order_by: no column 'moves; --'"):
        listed.ask(order_by=("moves; --",))


def test_fifty_injections_find_what_they_spell_and_nothing_else(stock: ReadSide) -> None:
    """As values they are texts: a thing that is called so is found, and only that one."""
    assert len(set(INJECTIONS)) == 50
    before = _everything(stock)
    for text in INJECTIONS:
        assert thing.ask(name=text).data is None
        assert found(Where(column="name", value=text)) == []
        assert found(Where(column="name", op=Op.IN, value=(text,))) == []
        assert found(Where(column="note", op=Op.BETWEEN, value=(text, text))) == []
    assert _everything(stock) == before

    for text in INJECTIONS:
        stock.connection.execute(INSERT, [text, 0, 0, None, None])
    cache.invalidate({tag for text in INJECTIONS for tag in tags_of(text)})
    for text in INJECTIONS:
        assert found(Where(column="name", value=text)) == [text]
        row = thing.ask(name=text).data
        assert row is not None
        assert row.name == text


def test_fifty_injections_are_no_columns_operators_numbers_or_names(stock: ReadSide) -> None:
    before = _everything(stock)
    for text in INJECTIONS:
        for wrong in (
            {"where": [{"column": text, "value": 1}]},
            {"where": [{"column": "name", "op": text, "value": "pen"}]},
            {"where": [{"column": "moves", "value": text}]},
            {"order_by": [text]},
            {"order_by": ["-" + text]},
            {"limit": text},
            {"offset": text},
            {text: 1},
            {"consistency": text},
            {"after": text},
        ):
            with pytest.raises(InvalidQuery):
                listed.ask(**wrong)
        with pytest.raises(UnknownQuery):
            ask(text)
    assert _everything(stock) == before


def test_fifty_injections_as_patterns_match_like_patterns(stock: ReadSide) -> None:
    before = _everything(stock)
    for text in INJECTIONS:
        where = Where(column="name", op=Op.LIKE, value=text)
        if text.endswith("\\"):
            with pytest.raises(InvalidQuery):
                found(where)
        else:
            assert found(where) == stock_like(stock, text)
    assert _everything(stock) == before


def stock_like(things: ReadSide, pattern: str) -> list[str]:
    """What PostgreSQL itself finds for a pattern."""
    sql_text = "SELECT name FROM query.things_v1 WHERE name LIKE %s ORDER BY moves DESC"
    return [row[0] for row in things.connection.execute(sql_text, [pattern])]


def _everything(things: ReadSide) -> list[Any]:
    return things.connection.execute("SELECT * FROM query.things_v1 ORDER BY name").fetchall()
