"""What each command does to the write tables, and everything that it is refused for, at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tasks.sales import commands
from tests.sales.support import CASHIER, MANAGER, Till, customer, on_credit, product, sell, sold
from tests.support.shop import accepted, send
from worker.contracts import RefusalKind, uuid7


def test_a_product_is_added_with_its_department_and_unit(till: Till) -> None:
    department = accepted(send(commands.create_department, name="Office"))["department_id"]
    unit = accepted(send(commands.create_unit, name="piece"))["unit_id"]

    made = accepted(
        send(
            commands.create_product,
            code="LAPTOP001",
            description="Dell Laptop",
            sell_price="999.99",
            department_id=department,
            unit_id=unit,
            minimum_stock="2",
        )
    )

    row = till.row("command.sales_products", code="LAPTOP001")
    assert str(row["product_id"]) == made["product_id"]
    assert (row["sell_price"], row["cost_price"]) == (Decimal("999.99"), None)
    assert (str(row["department_id"]), str(row["unit_id"])) == (department, unit)
    assert till.row("command.sales_price_history")["sell_price"] == Decimal("999.99")


def test_all_that_is_wrong_with_a_product_is_said_at_once(till: Till) -> None:
    product(code="A")

    refused = send(
        commands.create_product,
        code="A",
        description="Pen",
        sell_price="1.00",
        department_id=uuid7(),
        unit_id=uuid7(),
    )

    assert refused.kind is RefusalKind.CONFLICT
    assert refused.errors == {
        "code": "is taken",
        "department_id": "is unknown",
        "unit_id": "is unknown",
    }
    assert len(till.rows("command.sales_products")) == 1


def test_a_department_and_a_unit_have_names_of_their_own(till: Till) -> None:
    for command in (commands.create_department, commands.create_unit):
        accepted(send(command, name="A"))
        refused = send(command, name="A")
        assert (refused.kind, refused.errors) == (RefusalKind.CONFLICT, {"name": "is taken"})


def test_a_sale_for_cash_gives_change_and_takes_goods_off_the_shelf(till: Till) -> None:
    pen, rice = product("1.25", "10"), product("2.39", "5")

    said = sold((pen, "2"), (rice, "0.333"), paid="5.00")

    # 2.50 and 0.79587 half up
    assert (said["total"], said["change_amount"]) == ("3.30", "1.70")
    assert (till.stock(pen), till.stock(rice)) == ("8.000", "4.667")
    movements = till.rows("command.sales_stock_movements", reason="sale")
    assert sorted(str(m["quantity_change"]) for m in movements) == ["-0.333", "-2.000"]
    assert till.row("command.sales")["sale_number"] == said["sale_number"] == "S-00000001"


def test_a_code_that_is_listed_twice_counts_together(till: Till) -> None:
    pen = product(stock="3")

    refused = sell([(pen, "2"), (pen, "2")])
    assert refused.errors == {"items.1.quantity": "at most 1.000"}
    assert refused.kind is RefusalKind.BUSINESS_RULE

    sold((pen, "2"), (pen, "1"))
    assert till.stock(pen) == "0.000"
    assert len(till.rows("command.sale_items")) == 2
    assert len(till.rows("command.sales_stock_movements", reason="sale")) == 1


def test_all_that_is_wrong_with_a_sale_is_said_at_once(till: Till) -> None:
    pen, gone = product("10.00", "1"), product("5.00", "9")
    id_ = till.row("command.sales_products", code=gone)["product_id"]
    accepted(send(commands.deactivate_product, product_id=id_))

    refused = sell([(pen, "2"), ("nothing", "1"), (gone, "1")], "3.00", customer_id=uuid7())

    assert refused.kind is RefusalKind.NOT_FOUND
    assert refused.errors == {
        "customer_id": "is unknown",
        "items.0.quantity": "at most 1.000",
        "items.1.product_code": "is unknown",
        "items.2.product_code": "is out of the range",
        "paid_amount": "at least 25.00",
    }
    assert (till.rows("command.sales"), till.stock(pen)) == ([], "1.000")


def test_a_card_pays_exactly_the_total(till: Till) -> None:
    pen = product("10.00")

    refused = sell([(pen, "1")], "10.01", payment_type="card")
    assert refused.errors == {"paid_amount": "exactly 10.00"}
    assert sold((pen, "1"), paid="10.00", payment_type="card")["change_amount"] == "0.00"


def test_credit_moves_the_balance_within_the_limit(till: Till) -> None:
    pen, ada = product("10.00"), customer("25.00")

    first = accepted(on_credit(ada, (pen, "2"), paid="5.00"))
    assert (first["credited_amount"], till.balance(ada)) == ("15.00", "15.00")

    refused = on_credit(ada, (pen, "2"))
    assert refused.errors == {"payment_type": "at most 10.00 on credit"}
    accepted(on_credit(ada, (pen, "1")))
    assert till.balance(ada) == "25.00"

    nobody = sell([(pen, "1")], "20.00", payment_type="credit")
    assert nobody.errors == {
        "customer_id": "is required for a sale on credit",
        "paid_amount": "at most 10.00",
    }


def test_a_customer_pays_off_no_more_than_is_owed(till: Till) -> None:
    pen, ada = product("10.00"), customer("25.00")
    accepted(on_credit(ada, (pen, "2")))

    paid: dict[str, Any] = {"customer_id": ada}
    accepted(send(commands.record_customer_payment, **paid, amount="15.00"))
    refused = send(commands.record_customer_payment, **paid, amount="5.01")

    assert refused.errors == {"amount": "at most 5.00"}
    assert till.balance(ada) == "5.00"
    unknown = send(commands.record_customer_payment, customer_id=uuid7(), amount="1.00")
    assert unknown.kind is RefusalKind.NOT_FOUND


def test_what_comes_back_adds_up_to_what_it_was_sold_for(till: Till) -> None:
    rice = product("0.99", "10")
    sale = sold((rice, "1.005"))["sale_id"]
    thirds = [{"line": 1, "quantity": "0.335"}]

    amounts = [accepted(send(commands.return_sale, sale_id=sale, items=thirds)) for _ in range(3)]

    assert sum(Decimal(one["amount"]) for one in amounts) == Decimal("0.99")
    assert [one["status"] for one in amounts] == [*["partly_returned"] * 2, "returned"]
    assert till.stock(rice) == "10.000"
    again = send(commands.return_sale, sale_id=sale)
    assert (again.kind, again.errors) == (RefusalKind.CONFLICT, {"sale_id": "is returned"})


def test_a_return_on_credit_comes_off_the_balance_first(till: Till) -> None:
    pen, ada = product("10.00"), customer("100.00")
    sale = accepted(on_credit(ada, (pen, "3"), paid="10.00"))["sale_id"]
    assert till.balance(ada) == "20.00"

    two = accepted(send(commands.return_sale, sale_id=sale, items=[{"line": 1, "quantity": "2.5"}]))
    assert (two["amount"], two["refunded_amount"], till.balance(ada)) == ("25.00", "5.00", "0.00")
    rest = accepted(send(commands.return_sale, sale_id=sale))
    assert (rest["amount"], rest["refunded_amount"]) == ("5.00", "5.00")
    assert till.stock(pen) == "100.000"


def test_all_that_cannot_come_back_is_said_at_once(till: Till) -> None:
    pen = product("10.00")
    sale = sold((pen, "3"))["sale_id"]
    asked = [
        {"line": 1, "quantity": "2"},
        {"line": 1, "quantity": "2"},
        {"line": 2, "quantity": "1"},
    ]

    refused = send(commands.return_sale, sale_id=sale, items=asked)

    assert refused.errors == {"items.1.quantity": "at most 1.000", "items.2.line": "is unknown"}
    assert till.stock(pen) == "97.000"
    assert send(commands.return_sale, sale_id=uuid7()).kind is RefusalKind.NOT_FOUND


def test_products_are_described_priced_and_taken_out_of_the_range(till: Till) -> None:
    pen = product("10.00")
    id_ = till.row("command.sales_products")["product_id"]
    office = accepted(send(commands.create_department, name="Office"))["department_id"]

    accepted(send(commands.update_product, product_id=id_, department_id=office))
    accepted(send(commands.update_product, product_id=id_, description="Pencil"))
    accepted(send(commands.change_price, product_id=id_, cost_price="4.00"))
    accepted(send(commands.deactivate_product, product_id=id_))

    row = till.row("command.sales_products")
    assert (row["description"], str(row["department_id"])) == ("Pencil", office)
    assert (row["sell_price"], row["cost_price"]) == (Decimal("10.00"), Decimal("4.00"))
    assert (row["active"], row["version"]) == (False, 6)
    for command in (commands.update_product, commands.change_price):
        nothing = send(command, product_id=id_)
        assert nothing.kind is RefusalKind.VALIDATION
    out = send(commands.change_price, product_id=id_, sell_price="1.00")
    assert (out.kind, out.errors) == (RefusalKind.CONFLICT, {"product_id": "is out of the range"})
    assert sell([(pen, "1")]).errors == {"items.0.product_code": "is out of the range"}


def test_no_more_is_taken_off_the_shelf_than_lies_there(till: Till) -> None:
    product(stock="3")
    id_ = till.row("command.sales_products")["product_id"]

    refused = send(
        commands.adjust_stock, product_id=id_, quantity_change="-3.001", reason="breakage"
    )

    assert refused.errors == {"quantity_change": "at least -3.000"}
    gone = send(commands.adjust_stock, product_id=uuid7(), quantity_change="1", reason="count")
    assert gone.kind is RefusalKind.NOT_FOUND


def test_another_price_takes_a_managers_right(till: Till) -> None:
    pen = product("10.00")
    payload = {
        "items": [{"product_code": pen, "quantity": "1", "unit_price": "8.00"}],
        "payment_type": "card",
        "paid_amount": "8.00",
    }

    refused = send(commands.process_sale, CASHIER, **payload)
    assert refused.kind is RefusalKind.NOT_ALLOWED
    assert accepted(send(commands.process_sale, MANAGER, **payload))["total"] == "8.00"


def test_cashiers_sell_and_managers_keep_the_catalogue(till: Till) -> None:
    pen = product("10.00")
    id_ = till.row("command.sales_products")["product_id"]

    refused = send(commands.change_price, CASHIER, product_id=id_, sell_price="1.00")
    assert refused.kind is RefusalKind.NOT_ALLOWED
    accepted(send(commands.change_price, MANAGER, product_id=id_, sell_price="9.00"))
    payload = {"items": [{"product_code": pen, "quantity": "1"}], "payment_type": "card"}
    accepted(send(commands.process_sale, CASHIER, paid_amount="9.00", **payload))
