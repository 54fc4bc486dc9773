"""Many tills at once, on real PostgreSQL: nothing is sold twice, and no limit is passed."""

from __future__ import annotations

from collections import Counter
from functools import partial

from tasks.sales import commands
from tests.orders.test_races import at_once
from tests.sales.support import Till, customer, lines, on_credit, product, sell, sold
from tests.sales.trades import agree
from tests.support.shop import envelope, run, send


def test_of_64_tills_that_sell_the_last_10_10_do(till: Till) -> None:
    pen = product(stock="10")

    receipts = at_once([lambda: sell([(pen, "1")])] * 64)

    assert Counter(receipt.status for receipt in receipts) == {"succeeded": 10, "rejected": 54}
    refused = [one.errors for one in receipts if not one.succeeded]
    assert refused == [{"items.0.quantity": "at most 0.000"}] * 54
    assert till.stock(pen) == "0.000"
    assert len({row["sale_number"] for row in till.rows("command.sales")}) == 10
    agree(till.database)


def test_64_tills_in_batches_sell_no_more(till: Till) -> None:
    pen = product(stock="10")
    sale = {"items": lines((pen, "1")), "payment_type": "cash", "paid_amount": "10.00"}
    sent = [envelope(commands.process_sale, None, None, **sale) for _ in range(64)]

    done = at_once([partial(run, sent[part::8]) for part in range(8)])

    statuses = Counter(receipt.status for batch in done for receipt in batch)
    assert statuses == {"succeeded": 10, "rejected": 54}


def test_of_two_sales_on_credit_at_the_limit_one_is_refused(till: Till) -> None:
    pen, ada = product("10.00"), customer("15.00")

    receipts = at_once([lambda: on_credit(ada, (pen, "1"))] * 2)

    (refused,) = (receipt for receipt in receipts if not receipt.succeeded)
    assert refused.errors == {"payment_type": "at most 5.00 on credit"}
    assert (till.balance(ada), till.stock(pen)) == ("10.00", "99.000")


def test_of_two_who_bring_the_same_goods_back_one_is_paid(till: Till) -> None:
    pen = product()
    sale = sold((pen, "1"))["sale_id"]

    receipts = at_once([lambda: send(commands.return_sale, sale_id=sale)] * 2)

    assert sorted(receipt.status for receipt in receipts) == ["rejected", "succeeded"]
    assert till.stock(pen) == "100.000"


def test_tills_with_the_same_goods_in_another_order_wait_for_no_deadlock(till: Till) -> None:
    pen, ink = product(), product()

    receipts = at_once(
        [partial(sell, [(a, "1"), (b, "1")]) for a, b in [(pen, ink), (ink, pen)] * 16]
    )

    assert all(receipt.succeeded for receipt in receipts)
    assert till.stock(pen) == till.stock(ink) == "68.000"
