"""The filter builder: what it finds, what it refuses, and that nobody gets out of it."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from psycopg import sql

from tests.read_side.conftest import Shop
from tests.read_side.injections import INJECTIONS
from tests.read_side.shop.models import Item
from tests.read_side.shop.queries import item, items
from worker import cache
from worker.queries.errors import InvalidQuery, UnknownQuery
from worker.queries.filters import Filters, Op, Where
from worker.queries.query import ask

CODE = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
WHEN = datetime(2024, 5, 1, tzinfo=UTC)


@pytest.fixture
def stock(shop: Shop) -> Shop:
    """Five items: pen 5, ink 4, cap 3, %off 2, O'Neil 1."""
    rows = [
        ("pen", 5, "9.99", "a", CODE),
        ("ink", 4, "0.50", "b", None),
        ("cap", 3, "12.00", None, None),
        ("%off", 2, "1.00", "a", None),
        ("O'Neil", 1, "100.00", "c", None),
    ]
    shop.connection.cursor().executemany(
        "INSERT INTO query.shop_items_v1 (item, sold, revenue, grade, code, last_at)"
        " VALUES (%s, %s, %s, %s, %s, '2024-05-01 00:00Z')",
        rows,
    )
    return shop


def found(*where: Where, **page: Any) -> list[str]:
    return [row.item for row in items.ask(where=where, order_by=("-sold",), **page).data]


@pytest.mark.parametrize(
    ("column", "op", "value", "expected"),
    [
        ("item", Op.EQ, "O'Neil", ["O'Neil"]),
        ("grade", Op.EQ, None, ["cap"]),
        ("grade", Op.NE, None, ["pen", "ink", "%off", "O'Neil"]),
        ("grade", Op.NE, "a", ["ink", "cap", "O'Neil"]),
        ("sold", Op.LT, 3, ["%off", "O'Neil"]),
        ("sold", Op.LE, "3", ["cap", "%off", "O'Neil"]),
        ("revenue", Op.GT, Decimal("9.99"), ["cap", "O'Neil"]),
        ("revenue", Op.GE, "9.99", ["pen", "cap", "O'Neil"]),
        ("sold", Op.IN, [1, 5, 99], ["pen", "O'Neil"]),
        ("item", Op.IN, ["ink", "cap"], ["ink", "cap"]),
        ("item", Op.IN, [], []),
        ("code", Op.EQ, str(CODE), ["pen"]),
        ("code", Op.IN, [CODE], ["pen"]),
        ("item", Op.LIKE, "%e%", ["pen", "O'Neil"]),
        ("item", Op.LIKE, r"\%%", ["%off"]),
        ("item", Op.LIKE, "_n_", ["ink"]),
        ("grade", Op.LIKE, "a", ["pen", "%off"]),
        ("sold", Op.BETWEEN, [2, 4], ["ink", "cap", "%off"]),
        ("last_at", Op.GE, WHEN, ["pen", "ink", "cap", "%off", "O'Neil"]),
        ("last_at", Op.GT, "2024-05-01T00:00:00Z", []),
    ],
)
def test_a_condition_compiles_to_what_it_says(
    stock: Shop, column: str, op: Op, value: Any, expected: list[str]
) -> None:
    assert found(Where(column=column, op=op, value=value)) == expected


def test_conditions_must_all_hold(stock: Shop) -> None:
    both = (Where(column="grade", value="a"), Where(column="sold", op=Op.LT, value=5))
    assert found(*both) == ["%off"]


def test_a_page_is_cut_out_of_the_order(stock: Shop) -> None:
    assert found(limit=2, offset=1) == ["ink", "cap"]
    rows = items.ask(order_by=("grade", "-sold"), limit=3).data
    assert [row.item for row in rows] == ["pen", "%off", "ink"]


def test_conditions_come_as_plain_data_too(stock: Shop) -> None:
    answer = items.ask(where=[{"column": "sold", "op": "between", "value": [1, 2]}])
    assert len(answer.data) == 2


def test_the_builder_reads_like_the_question() -> None:
    filters = (
        Filters(Item)
        .eq("grade", "a").ne("item", "ink").lt("sold", 9).le("sold", 8).gt("sold", 1).ge("sold", 2)
        .in_("sold", [4, 5]).like("item", "p%").between("revenue", 1, 20)
        .order_by("-last_at", "item").limit(10).offset(5)
    )  # fmt: skip
    text, parameters = filters.compile("shop_items")
    assert isinstance(text, sql.Composed)
    assert text.as_string() == (
        'SELECT "item", "sold", "revenue", "grade", "code", "last_at" FROM "query"."shop_items"'
        ' WHERE "grade" = %(w0)s AND "item" IS DISTINCT FROM %(w1)s AND "sold" < %(w2)s'
        ' AND "sold" <= %(w3)s AND "sold" > %(w4)s AND "sold" >= %(w5)s AND "sold" = ANY (%(w6)s)'
        ' AND "item" LIKE %(w7)s AND "revenue" BETWEEN %(w8_low)s AND %(w8_high)s'
        ' ORDER BY "last_at" DESC, "item" ASC LIMIT %(limit)s OFFSET %(offset)s'
    )
    assert parameters["w8_low"] == Decimal(1)
    assert (parameters["limit"], parameters["offset"]) == (10, 5)


def test_a_filter_is_immutable() -> None:
    plain = Filters(Item)
    plain.eq("item", "pen").order_by("sold")
    assert plain == Filters(Item)


@pytest.mark.parametrize(
    ("column", "op", "value", "why"),
    [
        ("solt", Op.EQ, 1, r"no column 'solt'; did you mean sold\?"),
        ("", Op.EQ, 1, "there are item, sold"),
        ("sold", Op.EQ, "many", "sold: .*valid integer"),
        ("revenue", Op.GT, "NaN", "revenue: .*finite"),
        ("code", Op.EQ, "not-a-uuid", "valid UUID"),
        ("last_at", Op.LT, "yesterday", "valid datetime"),
        ("sold", Op.LT, None, "eq and ne alone"),
        ("sold", Op.IN, 5, "list of values"),
        ("item", Op.IN, "pen", "list of values"),
        ("sold", Op.IN, list(range(1_001)), "at most 1000"),
        ("sold", Op.IN, [1, None], "eq and ne alone"),
        ("sold", Op.BETWEEN, [1], "two values"),
        ("sold", Op.LIKE, "1%", "holds none"),
        ("item", Op.LIKE, "x" * 201, "at most 200"),
        ("item", Op.LIKE, "x\\", "escapes nothing"),
        ("item", Op.EQ, "a\0b", "NUL"),
        ("item", Op.LIKE, "a\0b", "NUL"),
    ],
)
def test_a_condition_that_cannot_be_is_refused_by_name(
    column: str, op: Op, value: Any, why: str
) -> None:
    where = Where.model_construct(column=column, op=op, value=value)
    with pytest.raises(InvalidQuery, match=why):
        Filters(Item).where(where)


@pytest.mark.parametrize("rows", [0, -1, 1_001, 10**9, True, "5", 1.0])
def test_a_limit_is_a_bounded_whole_number(rows: Any) -> None:
    with pytest.raises(InvalidQuery, match=r"limit: is .*1 to 1,000"):
        Filters(Item).limit(rows)


@pytest.mark.parametrize("rows", [-1, 1_000_001, 10**30, False, None])
def test_an_offset_is_a_bounded_whole_number(rows: Any) -> None:
    with pytest.raises(InvalidQuery, match="offset"):
        Filters(Item).offset(rows)


def test_there_is_a_limit_to_conditions() -> None:
    with pytest.raises(InvalidQuery, match="at most 50 conditions"):
        Filters(Item).where(*[Where(column="sold", value=n) for n in range(51)])


def test_a_query_with_an_unknown_column_names_itself(shop: Shop) -> None:
    with pytest.raises(InvalidQuery, match=r"no column 'x'.*\(query shop.items\)"):
        items.ask(where=[{"column": "x", "value": 1}])
    with pytest.raises(InvalidQuery, match=r"order_by: no column 'sold; --'"):
        items.ask(order_by=("sold; --",))


def test_fifty_injections_find_what_they_spell_and_nothing_else(stock: Shop) -> None:
    """As values they are texts: an item that is called so is found, and only that one."""
    assert len(set(INJECTIONS)) == 50
    before = _everything(stock)
    for text in INJECTIONS:
        assert item.ask(item=text).data is None
        assert found(Where(column="item", value=text)) == []
        assert found(Where(column="item", op=Op.IN, value=(text,))) == []
        assert found(Where(column="grade", op=Op.BETWEEN, value=(text, text))) == []
    assert _everything(stock) == before

    for text in INJECTIONS:
        stock.connection.execute(
            "INSERT INTO query.shop_items_v1 VALUES (%s, 0, 0, NULL, NULL, now())", [text]
        )
    cache.invalidate(["items", *(f"item:{text}" for text in INJECTIONS)])
    for text in INJECTIONS:
        assert found(Where(column="item", value=text)) == [text]
        row = item.ask(item=text).data
        assert row is not None
        assert row.item == text


def test_fifty_injections_are_no_columns_operators_numbers_or_names(stock: Shop) -> None:
    before = _everything(stock)
    for text in INJECTIONS:
        for wrong in (
            {"where": [{"column": text, "value": 1}]},
            {"where": [{"column": "item", "op": text, "value": "pen"}]},
            {"where": [{"column": "sold", "value": text}]},
            {"order_by": [text]},
            {"order_by": ["-" + text]},
            {"limit": text},
            {"offset": text},
            {text: 1},
            {"consistency": text},
            {"after": text},
        ):
            with pytest.raises(InvalidQuery):
                items.ask(**wrong)
        with pytest.raises(UnknownQuery):
            ask(text)
    assert _everything(stock) == before


def test_fifty_injections_as_patterns_match_like_patterns(stock: Shop) -> None:
    before = _everything(stock)
    for text in INJECTIONS:
        where = Where(column="item", op=Op.LIKE, value=text)
        if text.endswith("\\"):
            with pytest.raises(InvalidQuery):
                found(where)
        else:
            assert found(where) == stock_like(stock, text)
    assert _everything(stock) == before


def stock_like(shop: Shop, pattern: str) -> list[str]:
    """What PostgreSQL itself finds for a pattern."""
    sql_text = "SELECT item FROM query.shop_items_v1 WHERE item LIKE %s ORDER BY sold DESC"
    return [row[0] for row in shop.connection.execute(sql_text, [pattern])]


def _everything(shop: Shop) -> list[Any]:
    return shop.connection.execute("SELECT * FROM query.shop_items_v1 ORDER BY item").fetchall()
