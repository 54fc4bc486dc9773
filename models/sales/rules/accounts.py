"""What customers owe: never more than their limit, and nobody pays off more than he owes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from models.sales.commands import RecordCustomerPayment, RegisterCustomer
from models.sales.events import CustomerBalanceChanged, CustomerRegistered
from models.sales.rules.figures import Faults, Row, must_be_new, unknown
from worker.contracts import Refusal, to_cents


def register_customer(
    c: RegisterCustomer, *, existing: Row | None, now: datetime
) -> CustomerRegistered:
    """A customer is new by id."""
    faults = Faults()
    must_be_new(faults, existing, "customer_id")
    faults.refuse("this customer exists already", customer_id=c.customer_id)
    return CustomerRegistered(
        customer_id=c.customer_id,
        name=c.name,
        phone=c.phone,
        credit_limit=to_cents(c.credit_limit),
        registered_at=now,
    )


def record_customer_payment(
    c: RecordCustomerPayment, *, customer: Row | None, now: datetime
) -> CustomerBalanceChanged:
    """At most what is owed is paid."""
    if customer is None:
        raise unknown("customer", "customer_id", customer_id=c.customer_id)
    owed = max(customer["balance"], Decimal("0.00"))
    if c.amount > owed:
        raise Refusal(
            "more is paid than is owed",
            errors={"amount": f"at most {owed}"},
            customer_id=c.customer_id,
            balance=customer["balance"],
            amount=c.amount,
        )
    return balance_changed(customer, -to_cents(c.amount), reason="payment", sale_id=None, now=now)


def balance_changed(
    customer: Row, change: Decimal, *, reason: str, sale_id: UUID | None, now: datetime
) -> CustomerBalanceChanged:
    """A customer owes more (+) or less (-)."""
    return CustomerBalanceChanged(
        customer_id=customer["customer_id"],
        balance_change=change,
        balance=customer["balance"] + change,
        reason=reason,
        sale_id=sale_id,
        changed_at=now,
    )
