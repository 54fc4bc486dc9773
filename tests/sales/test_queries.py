"""Questions at the till: answers, search, pages, rights, and what is kept in the cache."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import redis as redis_py

from tasks.sales import commands, queries
from tasks.sales.conditions import in_stock, low_on_stock, on_credit, owing, priced_between
from tasks.sales.queries import By
from tests.sales.support import Till, customer, product, sold
from tests.sales.support import on_credit as sell_on_credit
from tests.support.shop import accepted, send
from worker import acting_as, refresh
from worker.contracts import uuid7
from worker.queries.errors import InvalidQuery, NotAllowed
from worker.subscriptions.runner import catch_up, invalidate

TODAY = datetime.now(UTC).date()


def settle() -> None:
    """Everything that follows a commit: project, invalidate."""
    catch_up()
    invalidate()


@pytest.fixture(autouse=True)
def empty_cache(redis: redis_py.Redis) -> None:
    """Answers of another test are of another database."""


def id_of(till: Till, code: str) -> UUID:
    """A product's id."""
    found: UUID = till.row("command.sales_products", code=code)["product_id"]
    return found


def test_a_product_is_one_or_none_and_never_a_list(till: Till) -> None:
    office = accepted(send(commands.create_department, name="Office"))["department_id"]
    piece = accepted(send(commands.create_unit, name="piece"))["unit_id"]
    code = product("9.99", "3", cost_price="4.10", department_id=office, unit_id=piece)
    settle()

    one = queries.product_by_code.ask(code=code).data

    assert one is not None
    assert one == queries.product_by_id.ask(product_id=one.product_id).data
    assert (one.department_name, one.unit_name) == ("Office", "piece")
    assert (one.in_stock, one.is_low_stock, one.stock_value) == (True, False, Decimal("12.30"))
    item = queries.product_for_list.ask(product_id=one.product_id).data
    assert item is not None
    assert set(type(item).model_fields) == {
        "product_id", "code", "description", "sell_price", "quantity_in_stock",
        "department_name", "in_stock", "is_low_stock",
    }  # fmt: skip
    form = queries.product_for_edit.ask(product_id=one.product_id).data
    assert form is not None
    assert str(form.unit_id) == piece
    assert queries.product_by_code.ask(code="nothing").data is None
    assert queries.product_by_id.ask(product_id=uuid7()).data is None


def test_a_search_finds_what_begins_so_the_best_fit_first(till: Till) -> None:
    office = accepted(send(commands.create_department, name="Office supplies"))["department_id"]
    product(code="LAPTOP-001", description="Dell Latitude 5420", department_id=office)
    product(code="BAG-7", description="Bag for a laptop")
    product("5.00", "0", code="PEN", description="Pen, l'été", department_id=office)
    settle()

    def found(search_term: str, **more: Any) -> list[str]:
        return [p.code for p in queries.search_products.ask(search_term=search_term, **more).data]

    assert found("lap") == ["LAPTOP-001", "BAG-7"]
    assert found("LAPTOP") == ["LAPTOP-001", "BAG-7"]
    assert found("laptop-001") == ["LAPTOP-001"]
    assert found("dell 54") == ["LAPTOP-001"]
    assert found("office") == ["LAPTOP-001", "PEN"]
    assert found("office", in_stock_only=True) == ["LAPTOP-001"]
    assert found("lap", department_id=office) == ["LAPTOP-001"]
    assert found("été") == ["PEN"]
    assert found("nonexistent") == found("!!") == found("") == found("'); DROP TABLE x--") == []


def test_a_searchs_pages_have_every_product_once_and_say_how_many_there_are(till: Till) -> None:
    codes = sorted(product(description=f"Pen {n % 3 * 'pen '}") for n in range(7))
    settle()

    cursor: str | None = None
    seen: list[str] = []
    while True:
        ask = queries.search_products.ask
        page = ask(search_term="pen", limit=2, cursor=cursor, total=True).data
        seen += [one.code for one in page]
        assert page.total == 7
        if (cursor := page.next) is None:
            break

    assert sorted(seen) == codes
    whole = queries.search_products.ask(search_term="pen").data
    assert seen == [one.code for one in whole]
    assert queries.search_products.ask(search_term="pen").data.total is None
    with pytest.raises(InvalidQuery, match="cursor"):
        queries.search_products.ask(search_term="pen", cursor="'; --")


def test_lists_are_narrowed_by_conditions_with_names(till: Till) -> None:
    cheap, dear = product("2.00", "1", minimum_stock="5"), product("20.00", "0")
    settle()

    def listed(*where: Any) -> list[str]:
        return [one.code for one in queries.list_products.ask(where=where).data]

    assert listed() == [cheap, dear]
    assert listed(in_stock) == listed(low_on_stock) == [cheap]
    assert listed(~in_stock & priced_between(low="20.00", high="20.00")) == [dear]
    assert [one.code for one in queries.low_stock_products.ask(total=True).data] == [cheap]
    first = queries.list_products.ask(limit=1, total=True).data
    second = queries.list_products.ask(limit=1, cursor=first.next).data
    assert ([first[0].code, second[0].code], first.total) == ([cheap, dear], 2)


def test_a_customer_sees_what_is_his_own(till: Till) -> None:
    pen, ada, eve = product("10.00"), customer("50.00", "Ada"), customer("0.00", "Eve")
    accepted(sell_on_credit(ada, (pen, "2")))
    sale = sold((pen, "1"), customer_id=ada)
    settle()

    with acting_as(f"customer:{ada}"):
        account = queries.customer_account.ask(customer_id=ada).data
        bought = queries.customer_purchases.ask(customer_id=ada, total=True).data
        number = sale["sale_number"]
        details = queries.sale_by_number.ask(sale_number=number, customer_id=ada).data
        assert queries.sale_by_number.ask(sale_number="S-00000009", customer_id=ada).data is None
        for ask in (queries.customer_account.ask, queries.customer_purchases.ask):
            with pytest.raises(NotAllowed):
                ask(customer_id=eve)
        with pytest.raises(NotAllowed):
            queries.product_by_code.ask(code=pen)

    assert account is not None
    assert (account.balance, account.available_credit) == (Decimal("20.00"), Decimal("30.00"))
    assert (account.purchase_count, account.purchase_total) == (2, Decimal("30.00"))
    assert ([one.total for one in bought], bought.total) == ([Decimal(10), Decimal(20)], 2)
    assert details is not None
    assert [(line.product_code, line.quantity) for line in details.lines] == [(pen, Decimal(1))]
    with acting_as(f"customer:{eve}"):
        number = sale["sale_number"]
        assert queries.sale_by_number.ask(sale_number=number, customer_id=eve).data is None
    credit = queries.customer_purchases.ask(customer_id=ada, where=(on_credit(),)).data
    assert [one.total for one in credit] == [Decimal(20)]
    assert [one.name for one in queries.search_customers.ask(name="A").data] == ["Ada"]
    assert [one.name for one in queries.search_customers.ask(where=(owing(),)).data] == ["Ada"]
    assert queries.search_customers.ask(name="%").data == []


def test_the_dashboard_says_the_day_the_week_and_the_stock(till: Till) -> None:
    pen = product("10.00", "10", cost_price="4.00", minimum_stock="9")
    first = sold((pen, "1"))
    sold((pen, "2"))
    settle()

    board = queries.dashboard.ask(day=TODAY).data

    assert (board.today_sales_total, board.today_sales_count) == (Decimal("30.00"), 2)
    assert (board.today_avg_sale, board.week_sales_count) == (Decimal("15.00"), 2)
    assert (board.low_stock_product_count, board.total_inventory_value) == (1, Decimal("28.00"))
    assert [sale.total for sale in board.recent_sales] == [Decimal(20), Decimal(10)]
    accepted(send(commands.return_sale, sale_id=first["sale_id"]))
    settle()
    board = queries.dashboard.ask(day=TODAY).data
    assert (board.today_sales_total, board.today_sales_count) == (Decimal("20.00"), 1)
    empty = queries.dashboard.ask(day=date(2001, 1, 1)).data
    assert (empty.today_avg_sale, empty.week_sales_total) == (Decimal(0), Decimal(0))
    assert empty.recent_sales == ()


def test_a_report_adds_up_by_day_product_and_payment_type(till: Till) -> None:
    pen, ink, ada = product("10.00"), product("3.00"), customer("100.00")
    sale = sold((pen, "2"), (ink, "1"))
    accepted(sell_on_credit(ada, (ink, "3")))
    sold((ink, "1"), paid="3.00", payment_type="card")
    back = [{"line": 1, "quantity": "1"}]
    accepted(send(commands.return_sale, sale_id=sale["sale_id"], items=back))
    settle()
    refresh.refresh(["sales_summary_by_day"])

    def report(by: By) -> list[tuple[str, int, Decimal]]:
        lines = queries.sales_report.ask(since=TODAY, until=TODAY, by=by).data
        return [(line.label, line.sales_count, line.total) for line in lines]

    assert report(By.DAY) == [(TODAY.isoformat(), 3, Decimal(25))]
    assert report(By.PRODUCT) == [(ink, 3, Decimal(15)), (pen, 1, Decimal(10))]
    types = [("card", 1, Decimal(3)), ("cash", 1, Decimal(13)), ("credit", 1, Decimal(9))]
    assert report(By.PAYMENT_TYPE) == types
    (day,) = queries.sales_summary_by_day.ask(since=TODAY).data
    assert (day.cash_sales, day.card_sales, day.credit_sales) == tuple(map(Decimal, (13, 3, 9)))
    assert (day.sales_count, day.average_sale) == (3, Decimal("8.33"))
    yesterday = TODAY - timedelta(days=1)
    assert queries.sales_report.ask(since=yesterday, until=yesterday).data == []
    (best, _) = queries.product_sales_statistics.ask().data
    assert (best.product_code, best.quantity_sold, best.revenue) == (
        ink,
        Decimal(5),
        Decimal("15.00"),
    )


def test_an_answer_is_kept_until_an_event_that_matters(till: Till) -> None:
    code = product("10.00")
    id_ = id_of(till, code)
    settle()

    def from_cache() -> tuple[bool, bool, bool]:
        return (
            queries.product_by_id.ask(product_id=id_).from_cache,
            queries.list_products.ask().from_cache,
            queries.dashboard.ask(day=TODAY).from_cache,
        )

    assert from_cache() == (False, False, False)
    assert from_cache() == (True, True, True)
    accepted(send(commands.change_price, product_id=id_, sell_price="149.99"))
    settle()
    assert from_cache() == (False, False, False)
    one = queries.product_by_id.ask(product_id=id_).data
    assert one is not None
    assert one.sell_price == Decimal("149.99")
    prices = queries.price_history.ask(product_id=id_).data
    assert [price.sell_price for price in prices] == [Decimal("149.99"), Decimal("10.00")]
    sold((product(), "1"))
    settle()
    assert from_cache() == (True, False, False)
