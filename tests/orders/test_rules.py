"""The rules alone: no database, no broker. Figures by hand, and invariants for any trade."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from models.orders import rules
from models.orders.commands import (
    AddOrderItem,
    AddProduct,
    AdjustInventory,
    CancelOrder,
    CreateOrder,
    OrderLine,
    ProcessPayment,
    UpdateOrderStatus,
)
from models.orders.events import OPEN, OrderStatus
from models.orders.rules.figures import MOST_MONEY, amounts, derived_id
from models.orders.write import order_items, order_numbers, orders, payments, products
from tasks.orders import commands
from worker.commands.command import CommandTask
from worker.commands.load_plan import sequence_name
from worker.commands.state import LoadedRow, State, Work
from worker.contracts import Actor, Refusal, uuid7

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PRICING = rules.Pricing()
CUSTOMER: dict[str, Any] = {"customer_id": uuid7(), "name": "Ada", "email": "ada@shop.example"}


def product(price: str = "10.00", available: int = 100, reserved: int = 0) -> dict[str, Any]:
    """A product's row."""
    return {
        "product_id": uuid7(),
        "sku": "S",
        "name": "Pen",
        "price": Decimal(price),
        "quantity_available": available,
        "quantity_reserved": reserved,
        "active": True,
    }


def order_of(*lines: tuple[LoadedRow, dict[str, Any]], **more: Any) -> Any:
    """The event of an order of (product, what the line says)."""
    items = [OrderLine(product_id=row["product_id"], **said) for row, said in lines]
    return rules.create_order(
        CreateOrder(customer_id=CUSTOMER["customer_id"], items=items, **more),
        customer=CUSTOMER,
        existing=None,
        products=[row for row, _ in lines],
        number=7,
        pricing=PRICING,
        now=NOW,
    )


def test_an_order_takes_price_tax_and_shipping_from_where_nothing_else_is_said() -> None:
    event = order_of((product("12.34"), {"quantity": 3}))

    assert event.order_number == "ORD-2026-00007"
    assert (event.subtotal, event.tax) == (Decimal("37.02"), Decimal("3.70"))
    assert (event.shipping, event.total) == (Decimal("10.00"), Decimal("50.72"))


@pytest.mark.parametrize(
    ("price", "discount", "subtotal"),
    [("0.01", "0.5", "0.01"), ("0.03", "0.5", "0.02"), ("9.99", "0.15", "8.49"), ("5", "1", "0")],
)
def test_half_a_cent_is_rounded_up(price: str, discount: str, subtotal: str) -> None:
    said = {"quantity": 1, "unit_price": Decimal(price), "discount": Decimal(discount)}

    assert order_of((product(), said)).subtotal == Decimal(subtotal)


def test_two_lines_of_one_product_need_the_stock_of_both() -> None:
    pen = product(available=10, reserved=3)

    with pytest.raises(Refusal) as refusal:
        order_of((pen, {"quantity": 4}), (pen, {"quantity": 4}))

    assert refusal.value.sentence == "insufficient inventory"
    assert refusal.value.facts == {
        "product_id": pen["product_id"],
        "available": 7,
        "requested": 8,
    }


def test_an_order_that_no_column_could_hold_is_refused() -> None:
    pen = product("999999999999.99", available=2)

    with pytest.raises(Refusal, match="comes to too much"):
        order_of((pen, {"quantity": 2}))


def test_an_order_may_come_to_the_largest_amount_and_no_cent_more() -> None:
    pricing = rules.Pricing(tax_rate=Decimal(0))

    assert amounts(MOST_MONEY, pricing.tax_rate, Decimal(0)).total == MOST_MONEY
    with pytest.raises(Refusal, match="comes to too much"):
        amounts(MOST_MONEY, pricing.tax_rate, Decimal("0.01"))


def test_what_is_free_is_free() -> None:
    line = {"quantity": 2, "unit_price": Decimal("0.00")}
    event = order_of((product("12.34"), line), shipping=Decimal("0.00"))

    assert (event.subtotal, event.shipping, event.total) == (0, 0, 0)


def test_a_discount_is_taken_off_the_line_not_off_each_piece() -> None:
    line = {"quantity": 100, "unit_price": Decimal("0.01"), "discount": Decimal("0.25")}

    assert order_of((product(available=100), line)).subtotal == Decimal("0.75")


def test_the_last_piece_is_sold() -> None:
    pen = product(available=10, reserved=3)

    assert order_of((pen, {"quantity": 7})).pieces == {pen["product_id"]: 7}
    with pytest.raises(Refusal, match="insufficient inventory"):
        order_of((pen, {"quantity": 8}))


def pending_order(**changes: Any) -> dict[str, Any]:
    """The row of an order without lines, but for the changes."""
    return {
        "order_id": uuid7(),
        "order_number": "ORD-2026-00007",
        "customer_id": uuid7(),
        "status": OrderStatus.PENDING,
        "item_count": 0,
        "version": 1,
        "subtotal": Decimal(0),
        "tax_rate": Decimal(0),
        "shipping": Decimal(0),
        **changes,
    }


ALLOWED = {
    "pending": {"pay", "add a line", "cancel"},
    "paid": {"cancel", "processing"},
    "processing": {"cancel", "shipped"},
    "shipped": {"delivered"},
    "delivered": set(),
    "cancelled": set(),
}


@pytest.mark.parametrize("status", list(OrderStatus))
def test_an_order_allows_what_its_status_allows(status: OrderStatus) -> None:
    row = pending_order(status=status, total=Decimal("5.00"))

    allowed = {name for name, act in acts_on(row).items() if not isinstance(act(), Refusal)}

    assert allowed == ALLOWED[status]


def acts_on(row: LoadedRow) -> dict[str, Callable[[], Any]]:
    """All that can be asked of an order, by name; each gives its event, or the refusal."""
    pen, id_ = product(), {"order_id": row["order_id"]}
    line = AddOrderItem(**id_, product_id=pen["product_id"], quantity=1)
    pay = ProcessPayment(**id_, amount=row["total"], payment_method="card")
    cancel = CancelOrder(**id_, reason="no")

    def step(status: OrderStatus) -> Callable[[], Any]:
        to = UpdateOrderStatus(**id_, status=status)
        return said(lambda: rules.update_order_status(to, order=row, items=[], now=NOW))

    return {
        "pay": said(lambda: rules.process_payment(pay, order=row, same_transaction=None, now=NOW)),
        "add a line": said(lambda: rules.add_order_item(line, order=row, product=pen, now=NOW)),
        "cancel": said(
            lambda: rules.cancel_order(cancel, order=row, items=[], payment=None, now=NOW)
        ),
        **{str(status): step(status) for status in OrderStatus},
    }


def said(act: Callable[[], Any]) -> Callable[[], Any]:
    """The same, but a refusal is an answer too."""

    def answer() -> Any:
        try:
            return act()
        except Refusal as refusal:
            return refusal

    return answer


@pytest.mark.parametrize("amount", ["4.99", "5.01", "0"])
def test_an_order_is_paid_with_its_total_and_nothing_else(amount: str) -> None:
    row = pending_order(total=Decimal("5.00"))
    pay = ProcessPayment(order_id=row["order_id"], amount=Decimal(amount), payment_method="card")

    with pytest.raises(Refusal, match="not the order's total"):
        rules.process_payment(pay, order=row, same_transaction=None, now=NOW)


def test_every_event_of_an_order_is_its_next_version() -> None:
    row = pending_order(total=Decimal("5.00"), version=6)

    events = [acts_on(row)[name]() for name in ("pay", "add a line", "cancel")]

    assert [event.version for event in events] == [7, 7, 7]


def test_what_was_paid_is_paid_back_whole() -> None:
    row = pending_order(status=OrderStatus.PAID)
    paid = {"payment_id": uuid7(), "amount": Decimal("5.00")}
    cancel = CancelOrder(order_id=row["order_id"], reason="no")

    event = rules.cancel_order(cancel, order=row, items=[], payment=paid, now=NOW)

    assert (event.payment_id, event.refund_amount) == (paid["payment_id"], Decimal("5.00"))


def test_what_is_reserved_stays_on_the_shelf() -> None:
    pen = product(available=10, reserved=4)

    def take(pieces: int) -> Any:
        less = AdjustInventory(product_id=pen["product_id"], quantity_change=-pieces)
        return rules.adjust_inventory(less, product=pen, now=NOW)

    assert take(6).quantity_available == 4
    with pytest.raises(Refusal, match="insufficient inventory"):
        take(7)


def test_an_order_keeps_its_own_tax_rate_and_shipping_when_a_line_is_added() -> None:
    pen = product("10.00")
    row = pending_order(
        subtotal=Decimal("10.00"), tax_rate=Decimal("0.25"), shipping=Decimal("3.00")
    )
    more = AddOrderItem(order_id=row["order_id"], product_id=pen["product_id"], quantity=1)

    event = rules.add_order_item(more, order=row, product=pen, now=NOW)

    assert (event.subtotal, event.tax, event.total) == (Decimal(20), Decimal(5), Decimal(28))


@pytest.mark.parametrize(("lines", "taken"), [(499, True), (500, False)])
def test_an_order_grows_to_500_lines(lines: int, taken: bool) -> None:
    pen, row = product(), pending_order(item_count=lines)
    more = AddOrderItem(order_id=row["order_id"], product_id=pen["product_id"], quantity=1)

    def add() -> int:
        return rules.add_order_item(more, order=row, product=pen, now=NOW).item["line"]

    if taken:
        assert add() == 500
    else:
        with pytest.raises(Refusal, match="too many lines") as refusal:
            add()
        assert refusal.value.facts["most"] == 500


def test_a_product_takes_the_reorder_level_of_the_settings_unless_it_names_its_own() -> None:
    def level(**said: Any) -> int:
        new = AddProduct(sku="S", name="Pen", price=Decimal(1), **said)
        pricing = rules.Pricing(reorder_level=33)
        event = rules.add_product(new, existing=None, same_sku=None, pricing=pricing, now=NOW)
        return event.reorder_level

    assert (level(), level(reorder_level=0)) == (33, 0)


@given(st.uuids(), st.integers(0, 500), st.integers(0, 500))
def test_derived_ids_are_stable_valid_and_differ_by_number(
    order_id: UUID, first: int, second: int
) -> None:
    one, two = derived_id(order_id, first), derived_id(order_id, second)

    assert (one == two) == (first == second)
    assert (one.version, one.variant) == (8, UUID(int=1 << 63).variant)
    assert one.int >> 80 == order_id.int >> 80


@given(
    st.decimals(0, 10**9, places=2),
    st.decimals(0, 1, places=4),
    st.decimals(0, 10**6, places=2),
)
def test_amounts_are_right_to_the_cent(
    subtotal: Decimal, tax_rate: Decimal, shipping: Decimal
) -> None:
    due = amounts(subtotal, tax_rate, shipping)

    exact = Fraction(subtotal) * Fraction(tax_rate)
    assert abs(Fraction(due.tax) - exact) <= Fraction(1, 200)
    assert due.tax == (subtotal * tax_rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
    assert due.total == due.subtotal + due.tax + due.shipping


@dataclass
class Expected:
    """What a plain reading of the trade says of one order, apart from the code under test."""

    lines: list[tuple[UUID, int, Fraction]]
    status: str = "pending"
    shipping: Fraction = Fraction(0)
    version: int = 1
    was: list[str] = field(default_factory=list)


PRICES = st.decimals("0", "50", places=2)
STATUSES = st.sampled_from(list(OrderStatus))
STEPS = {"paid": "processing", "processing": "shipped", "shipped": "delivered"}


class Trade(RuleBasedStateMachine):
    """Any sequence of commands, run by the handlers on a state in memory.

    Nothing of what is compared comes from the rules: the model beside it counts in fractions.
    """

    @initialize(stock=st.lists(st.integers(5, 60), min_size=2, max_size=3))
    def open_the_shop(self, stock: list[int]) -> None:
        self.state = State(NOW)
        self.state.load({}, {sequence_name(order_numbers): range(1, 10_000)})
        self.customer = uuid7()
        self.ordered: dict[UUID, Expected] = {}
        self.on_shelf: dict[UUID, int] = {}
        self._run(
            commands.register_customer, customer_id=self.customer, name="Ada", email="ada@x.example"
        )
        for number, pieces in enumerate(stock):
            pen = {"product_id": uuid7(), "sku": str(number), "name": "Pen", "price": "2.35"}
            self._run(commands.add_product, **pen, quantity_available=pieces)
            self.on_shelf[pen["product_id"]] = pieces  # type: ignore[index]

    def _run(self, task: CommandTask[Any], **payload: Any) -> dict[str, Any] | None:
        """Run a command on the state; None if it was refused."""
        work = Work(uuid7(), Actor())
        try:
            data = task.spec.handler(task.spec.model(**payload), self.state, work)
        except Refusal:
            return None
        work.apply_to(self.state)
        assert isinstance(data, dict)
        return data

    def _reserved(self, product_id: UUID) -> int:
        return sum(
            quantity
            for order in self.ordered.values()
            if order.status in OPEN
            for product, quantity, _ in order.lines
            if product == product_id
        )

    @rule(data=st.data(), shipping=PRICES, steps=st.integers(0, 4))
    def take_an_order(self, data: st.DataObject, shipping: Decimal, steps: int) -> None:
        products = st.sampled_from(list(self.on_shelf))
        line = st.tuples(products, st.integers(1, 9), PRICES)
        wanted = data.draw(st.lists(line, min_size=1, max_size=3))
        pieces = {p: sum(q for one, q, _ in wanted if one == p) for p, _, _ in wanted}
        enough = all(n <= self.on_shelf[p] - self._reserved(p) for p, n in pieces.items())
        order_id = uuid7()
        done = self._run(
            commands.create_order,
            order_id=order_id,
            customer_id=self.customer,
            items=[{"product_id": p, "quantity": q, "unit_price": price} for p, q, price in wanted],
            shipping=shipping,
        )
        assert (done is not None) == enough
        if enough:
            lines = [(p, q, q * Fraction(price)) for p, q, price in wanted]
            self.ordered[order_id] = Expected(lines, shipping=Fraction(shipping))
            self._hurry(order_id, steps)

    def _hurry(self, order_id: UUID, steps: int) -> None:
        """Take an order some steps on, all of them allowed."""
        for status in ("paid", "processing", "shipped", "delivered")[:steps]:
            if status == "paid":
                self._pay(order_id, right=True, stale=False)
            else:
                self._move_on(order_id, OrderStatus(status))

    def _some_order(self, data: st.DataObject) -> UUID:
        """One of the orders; now and then one that is not there."""
        there = list(self.ordered)
        missing = not there or data.draw(st.integers(0, 9)) == 0
        return uuid7() if missing else data.draw(st.sampled_from(there))

    @rule(data=st.data(), quantity=st.integers(1, 5), price=PRICES)
    def add_a_line(self, data: st.DataObject, quantity: int, price: Decimal) -> None:
        order_id = self._some_order(data)
        product_id = data.draw(st.sampled_from(list(self.on_shelf)))
        order = self.ordered.get(order_id)
        left = self.on_shelf[product_id] - self._reserved(product_id)
        allowed = order is not None and order.status == "pending" and quantity <= left
        done = self._run(
            commands.add_order_item,
            order_id=order_id,
            product_id=product_id,
            quantity=quantity,
            unit_price=price,
        )
        assert (done is not None) == allowed
        if order is not None and allowed:
            order.lines.append((product_id, quantity, quantity * Fraction(price)))
            order.version += 1

    @rule(data=st.data(), right=st.booleans(), stale=st.booleans())
    def pay(self, data: st.DataObject, right: bool, stale: bool) -> None:
        self._pay(self._some_order(data), right=right, stale=stale)

    def _pay(self, order_id: UUID, *, right: bool, stale: bool) -> None:
        order, row = self.ordered.get(order_id), self.state.get(orders, order_id)
        total = row["total"] if row else Decimal(1)
        version = row["version"] if row else 1
        done = self._run(
            commands.process_payment,
            order_id=order_id,
            amount=total if right else total + Decimal("0.01"),
            payment_method="card",
            expected_version=version + stale,
        )
        allowed = order is not None and order.status == "pending" and right and not stale
        self._moved(order, "paid", done, allowed)

    @rule(data=st.data(), status=STATUSES)
    def move_on(self, data: st.DataObject, status: OrderStatus) -> None:
        self._move_on(self._some_order(data), status)

    def _move_on(self, order_id: UUID, status: OrderStatus) -> None:
        order = self.ordered.get(order_id)
        done = self._run(commands.update_order_status, order_id=order_id, status=status)
        allowed = order is not None and STEPS.get(order.status) == status
        if order is not None and allowed and status == "shipped":
            for product_id, quantity, _ in order.lines:
                self.on_shelf[product_id] -= quantity
        self._moved(order, status, done, allowed)

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order_id = self._some_order(data)
        order = self.ordered.get(order_id)
        done = self._run(commands.cancel_order, order_id=order_id, reason="no")
        allowed = order is not None and order.status in ("pending", "paid", "processing")
        self._moved(order, "cancelled", done, allowed)

    @rule(data=st.data(), change=st.integers(-20, 20).filter(bool))
    def count_the_shelf(self, data: st.DataObject, change: int) -> None:
        product_id = data.draw(st.sampled_from(list(self.on_shelf)))
        allowed = self.on_shelf[product_id] + change >= self._reserved(product_id)
        done = self._run(commands.adjust_inventory, product_id=product_id, quantity_change=change)
        assert (done is not None) == allowed
        self.on_shelf[product_id] += change if allowed else 0

    @staticmethod
    def _moved(order: Expected | None, status: str, done: Any, allowed: bool) -> None:
        assert (done is not None) == allowed
        if order is not None and allowed:
            order.was.append(order.status)
            order.status, order.version = status, order.version + 1

    @invariant()
    def stock_is_conserved(self) -> None:
        for product_id, pieces in self.on_shelf.items():
            row = self.state.get(products, product_id)
            assert row is not None
            assert (row["quantity_available"], row["quantity_reserved"]) == (
                pieces,
                self._reserved(product_id),
            )
            assert 0 <= row["quantity_reserved"] <= row["quantity_available"]

    @invariant()
    def orders_are_what_they_should_be(self) -> None:
        for order_id, expected in self.ordered.items():
            row = self.state.get(orders, order_id)
            assert row is not None
            subtotal = sum((amount for _, _, amount in expected.lines), Fraction(0))
            tax = Fraction((subtotal * 10 + Fraction(1, 2)).__floor__(), 100)
            assert (row["status"], row["version"]) == (expected.status, expected.version)
            assert (row["subtotal"], row["tax"]) == (subtotal, tax)
            assert row["total"] == subtotal + tax + expected.shipping
            lines = self.state.find(order_items, order_id=order_id)
            assert row["item_count"] == len(expected.lines) == len(lines)

    @invariant()
    def money_is_paid_once_and_paid_back_whole(self) -> None:
        for order_id, expected in self.ordered.items():
            paid = "paid" in [*expected.was, expected.status]
            found = self.state.find(payments, order_id=order_id)
            assert len(found) == paid
            for payment in found:
                back = payment["amount"] if expected.status == "cancelled" else 0
                assert payment["refund_amount"] == back


TestTrade = Trade.TestCase
TestTrade.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
