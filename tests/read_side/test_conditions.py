"""Conditions that combine, have names, and mean to PostgreSQL what they mean to Python."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.read_side.conftest import ReadSide
from tests.read_side.injections import INJECTIONS
from tests.support.things.models import _IDS, Thing
from tests.support.things.queries import paged
from worker.base.errors import BadDeclarations
from worker.queries.conditions import (
    AllOf,
    AnyOf,
    Combined,
    Given,
    Named,
    Not,
    Op,
    Where,
    condition,
    conditions,
    plain,
)
from worker.queries.errors import InvalidQuery
from worker.queries.filters import Filters
from worker.queries.pages import Page

TEXTS = ("a", "A%", "O'Neil", "", "é", *INJECTIONS[:12])
ROWS = [
    (name, moves, price, note)
    for n, name in enumerate(TEXTS)
    for moves, price, note in [(n % 4, n % 3, TEXTS[n % 5]), (n % 2, 1, None)]
]
INSERT = """
    INSERT INTO query.things_v1
           (thing_id, name, moves, price, note, owner, n, changes, places, shipped, parts, labels,
            updated_at)
    VALUES (%s, %s, %s, %s, %s, '', 0, 0, '', false, '[]', '{}', '2024-05-01 00:00Z')
"""


@pytest.fixture
def stock(things: ReadSide) -> ReadSide:
    """Things with names that break into databases elsewhere, and equals among them."""
    ids = [uuid5(_IDS, str(n)) for n in range(len(ROWS))]
    rows = [(key, *row) for key, row in zip(ids, ROWS, strict=True)]
    things.connection.cursor().executemany(INSERT, rows)
    return things


@pytest.fixture(autouse=True)
def _own_conditions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conditions, "_items", dict(conditions._items))


def names(*where: Any, **page: Any) -> list[str]:
    return sorted({row.name for row in paged.ask(where=where, limit=1000, **page).data})


# ------------------------------------------------------------------ what they mean
def means(one: Any, row: Thing) -> bool:
    """A condition, by Python alone."""
    match one:
        case AllOf():
            return all(means(part, row) for part in one.all)
        case AnyOf():
            return any(means(part, row) for part in one.any)
        case Not():
            return not means(one.negated, row)
        case _:
            return _compared(one, row[one.column])


def _compared(one: Where, value: Any) -> bool:
    wanted: Any = one.value
    if one.op is Op.NE:
        return bool(value != wanted)
    if one.op is Op.EQ and wanted is None:
        return value is None
    if value is None:
        return False
    if one.op is Op.LIKE:
        pattern = "".join({"%": ".*", "_": "."}.get(c, re.escape(c)) for c in wanted)
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    compare: dict[Op, Callable[[], Any]] = {
        Op.EQ: lambda: value == wanted,
        Op.LT: lambda: value < wanted,
        Op.LE: lambda: value <= wanted,
        Op.GT: lambda: value > wanted,
        Op.GE: lambda: value >= wanted,
        Op.IN: lambda: value in wanted,
        Op.BETWEEN: lambda: wanted[0] <= value <= wanted[1],
    }
    return bool(compare[one.op]())


texts = st.sampled_from([*TEXTS, *INJECTIONS]) | st.text(max_size=8).filter(
    lambda text: "\0" not in text and text.isprintable()
)
numbers = st.integers(-1, 5)
ordered = st.sampled_from([Op.EQ, Op.NE, Op.LT, Op.LE, Op.GT, Op.GE])
patterns = texts.filter(lambda text: "\\" not in text)


def _where(column: str, op: Op, value: Any) -> Where:
    return Where(column=column, op=op, value=value)


leaves = st.one_of(
    st.builds(_where, st.just("moves"), ordered, numbers),
    st.builds(_where, st.just("moves"), st.just(Op.IN), st.lists(numbers, max_size=3).map(tuple)),
    st.builds(_where, st.just("moves"), st.just(Op.BETWEEN), st.tuples(numbers, numbers)),
    st.builds(_where, st.sampled_from(["name", "note"]), st.sampled_from([Op.EQ, Op.NE]), texts),
    st.builds(_where, st.just("note"), st.sampled_from([Op.EQ, Op.NE]), st.none()),
    st.builds(_where, st.sampled_from(["name", "note"]), st.just(Op.LIKE), patterns),
    st.builds(_where, st.just("name"), st.just(Op.IN), st.lists(texts, max_size=3).map(tuple)),
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda parts: AllOf(all=tuple(parts)))
        | st.lists(inner, max_size=3).map(lambda parts: AnyOf(any=tuple(parts)))
        | inner.map(lambda part: ~part)
    ),
    max_leaves=8,
)
orders = st.lists(
    st.tuples(st.sampled_from(["moves", "price", "note", "name", "thing_id"]), st.booleans()),
    max_size=3,
    unique_by=lambda one: one[0],
)
quick = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quick
@given(tree=trees)
def test_any_condition_finds_what_python_finds(stock: ReadSide, tree: Combined) -> None:
    rows = paged.ask(limit=1000).data
    expected = [row.thing_id for row in rows if means(tree, row)]
    as_data: Any = [plain(tree).model_dump(mode="json")]

    found = paged.ask(where=(plain(tree),), limit=1000, total=True).data

    assert sorted(row.thing_id for row in found) == sorted(expected)
    assert found.total == len(expected)
    assert paged.ask(where=as_data, limit=1000).data == list(found), "and so does its JSON"


@quick
@given(tree=trees, order=orders, limit=st.integers(1, 9))
def test_pages_hold_every_row_once_in_the_order_asked_for(
    stock: ReadSide, tree: Combined, order: list[tuple[str, bool]], limit: int
) -> None:
    wanted: dict[str, Any] = {
        "where": (plain(tree),),
        "order": tuple("-" * down + column for column, down in order),
    }
    whole = [row.thing_id for row in paged.ask(**wanted, limit=1000).data]
    page = paged.ask(**wanted, limit=limit).data
    by_cursor = list(page)
    while page.next:
        page = paged.ask(**wanted, limit=limit, cursor=page.next).data
        assert page
        by_cursor += page
    by_offset = [
        row.thing_id
        for start in range(0, len(whole) + 1, limit)
        for row in paged.ask(**wanted, limit=limit, offset=start).data
    ]
    assert [row.thing_id for row in by_cursor] == whole
    assert by_offset == whole
    assert len(set(whole)) == len(whole)


def test_what_is_unknown_to_sql_does_not_hold_and_its_not_does(stock: ReadSide) -> None:
    is_a = Where(column="note", value="a")
    both = paged.ask(where=(is_a,), limit=1000).data + paged.ask(where=(~is_a,), limit=1000).data
    assert len(both) == len(ROWS)


def test_an_or_does_not_get_out_of_what_the_query_itself_wants(stock: ReadSide) -> None:
    """The conditions of a caller stand beside those of the query, in brackets of their own."""
    anything = Where(column="moves", op=Op.GE, value=0) | Where(column="name", value="x")
    own = Filters(Thing).eq("name", "a").where(anything)
    text, values = own.compile("things")
    rows = stock.connection.execute(text, values).fetchall()
    assert {row[1] for row in rows} == {"a"}


def test_fifty_injections_break_out_of_no_tree(stock: ReadSide) -> None:
    before = _everything(stock)
    for text in INJECTIONS:
        one = Where(column="name", value=text)
        tree = ~(one & Where(column="note", op=Op.IN, value=(text,))) | one
        assert len(paged.ask(where=(tree,), limit=1000).data) == len(ROWS)
        wrongs: list[dict[str, Any]] = [
            {"where": [{"any": [{"column": text, "value": 1}]}]},
            {"where": [{"not": {"column": "name", "op": text}}]},
            {"where": [{text: []}]},
            {"where": [{"named": text}]},
            {"where": text},
            {"order": [text]},
            {"cursor": text},
            {"total": text},
        ]
        for wrong in wrongs:
            with pytest.raises(InvalidQuery):
                paged.ask(**wrong)
    assert _everything(stock) == before


def _everything(things: ReadSide) -> list[Any]:
    return things.connection.execute("SELECT * FROM query.things_v1 ORDER BY 1").fetchall()


# ------------------------------------------------------------------ named ones
def test_a_named_condition_is_said_once_and_used_everywhere(stock: ReadSide) -> None:
    busy = condition("things.busy", Thing, Where(column="moves", op=Op.GE, value=2))
    dear = condition(
        "things.dear", Thing, Where(column="price", op=Op.GT, value=Given(given="amount"))
    )
    both = condition("things.busy_and_dear", Thing, busy & dear(amount=Given(given="amount")))
    data: Any = {"named": "things.busy_and_dear", "given": {"amount": "1"}}

    expected = sorted({name for name, moves, price, _ in ROWS if moves >= 2 and price > 1})
    assert names(busy & dear(amount=1)) == names(both(amount="1.00")) == names(data) == expected
    assert names(~busy & ~dear(amount=1)) == names(~(busy | dear(amount=1)))


@pytest.mark.parametrize(
    ("what", "why"),
    [
        (Where(column="movs", value=1), "no column 'movs'; did you mean moves"),
        (Where(column="moves", value="many"), "valid integer"),
        (~Where(column="labels", op=Op.LIKE, value="x"), "holds a list"),
        (Named(named="things.nobody"), "no condition is called 'things.nobody'"),
        (Where(column="movs", value=Given(given="n")), "no column 'movs'"),
    ],
)
def test_a_condition_that_cannot_be_is_refused_when_declared(what: Combined, why: str) -> None:
    with pytest.raises(InvalidQuery, match=why):
        condition("things.wrong", Thing, what)
    assert "things.wrong" not in conditions


def test_a_name_of_a_condition_stands_once() -> None:
    condition("things.one", Thing, Where(column="moves", value=1))
    with pytest.raises(BadDeclarations, match="two of one name"):
        condition("things.one", Thing, Where(column="moves", value=2))


@pytest.mark.parametrize(
    ("use", "why"),
    [
        ({"named": "things.at", "given": {}}, "asks for n"),
        ({"named": "things.at", "given": {"n": 1, "m": 2}}, "m does not fit"),
        ({"named": "things.at", "given": {"n": "x"}}, "valid integer"),
        ({"named": "things.at", "given": {"n": {"given": "n"}}}, "moves"),
        ({"column": "moves", "value": {"given": "n"}}, "moves"),
        ({"named": "things.att"}, "did you mean things.at"),
    ],
)
def test_what_a_condition_asks_for_is_checked(things: ReadSide, use: Any, why: str) -> None:
    condition("things.at", Thing, Where(column="moves", value=Given(given="n")))
    with pytest.raises(InvalidQuery, match=why):
        paged.ask(where=(use,))


def nested(deep: int) -> dict[str, Any]:
    tree: dict[str, Any] = {"column": "moves", "value": 1}
    for _ in range(deep):
        tree = {"not": tree}
    return tree


def too_many() -> Iterator[Any]:
    one = {"column": "moves", "value": 1}
    yield {"any": [one] * 51}
    yield {"all": [{"any": [one] * 26}, {"not": {"any": [one] * 25}}]}
    yield nested(10)
    yield nested(100_000)


@pytest.mark.parametrize("tree", list(too_many()), ids=range(4))
def test_there_is_a_limit_to_trees(things: ReadSide, tree: Any) -> None:
    with pytest.raises(InvalidQuery, match=r"at most (50|10) conditions|[Rr]ecursion"):
        paged.ask(where=(tree,))


# ------------------------------------------------------------------ pages
def test_a_page_says_where_the_next_one_begins_and_how_many_there_are(stock: ReadSide) -> None:
    page = paged.ask(order=("name",), limit=30, total=True).data
    assert (len(page), page.total) == (30, len(ROWS))
    rest = paged.ask(order=("name",), limit=30, cursor=page.next).data
    assert (len(rest), rest.next, rest.total) == (len(ROWS) - 30, None, None)


def test_a_page_stays_where_it_is_when_rows_come_and_go(stock: ReadSide) -> None:
    first = paged.ask(order=("name",), limit=10).data
    expected = paged.ask(order=("name",), limit=1000).data[10:]
    for row in first[:5]:
        stock.connection.execute("DELETE FROM query.things_v1 WHERE thing_id = %s", [row.thing_id])
    assert paged.ask(order=("name",), limit=1000, cursor=first.next).data == expected


def test_300_equal_rows_are_300_rows_on_15_pages(things: ReadSide) -> None:
    rows = [(uuid5(_IDS, f"equal {n}"), "same", 1, 1, None) for n in range(300)]
    things.connection.cursor().executemany(INSERT, rows)
    seen = [
        row.thing_id
        for start in range(0, 300, 20)
        for row in paged.ask(order=("-moves",), limit=20, offset=start).data
    ]
    assert len(set(seen)) == 300


def test_a_cursor_of_another_order_and_one_that_is_none_are_refused(stock: ReadSide) -> None:
    cursor = paged.ask(order=("name",), limit=1).data.next
    assert cursor
    wrongs: list[tuple[dict[str, Any], str]] = [
        ({"order": ("-name",), "cursor": cursor}, "cursor: is a cursor of another order"),
        ({"order": ("name",), "cursor": cursor[:-4]}, "cursor: is no cursor"),
        ({"order": ("name",), "cursor": "é"}, "cursor: is no cursor"),
        ({"order": ("name",), "cursor": "bnVsbA"}, "cursor: is no cursor"),
        ({"order": ("name",), "cursor": cursor, "offset": 1}, "leave offset out"),
        ({"order": ("labels",)}, "has no order"),
    ]
    for wanted, why in wrongs:
        with pytest.raises(InvalidQuery, match=why):
            paged.ask(**wanted)


def test_a_page_is_a_list_and_its_json_an_object() -> None:
    from pydantic import TypeAdapter

    kind: TypeAdapter[Page[int]] = TypeAdapter(Page[int])
    page = Page([1, 2], "next", 5)
    assert page == [1, 2]
    assert page != Page([1, 2])
    assert kind.dump_json(page) == b'{"rows":[1,2],"next":"next","total":5}'
    assert kind.validate_json(kind.dump_json(page)) == page
    assert kind.json_schema()["properties"].keys() == {"rows", "next", "total"}
