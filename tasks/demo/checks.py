"""What must hold when the demo is over, computed from its commands and their receipts alone."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tasks.demo.script import Sent
from tasks.orders.commands import cancel_order, create_order, process_payment
from worker.base import db


def check(sent: list[Sent]) -> list[tuple[str, bool, str]]:
    """Compare the read models with what the receipts say; (what, whether it holds, the figures)."""
    accepted = [one for one in sent if one.receipt and one.receipt.succeeded]
    created = {one.order: one for one in accepted if one.command == create_order.name}
    shown = dict(rows("SELECT order_id::text, (version, total, status) FROM query.order_summaries"))
    return [
        _same("every command has its receipt", len(sent), sum(1 for s in sent if s.receipt)),
        _same("orders in the read model", len(created), len(shown)),
        _same("effects on orders, each once", _versions(accepted), _shown_versions()),
        _same("sum of all orders", _total(created.values()), _one("sum(total)", "order_summaries")),
        _same(
            "paid and not refunded",
            _paid(accepted),
            _one("sum(amount - refund_amount)", "payments"),
        ),
        _same("pieces that left or are reserved", _pieces(accepted), _gone_pieces(sent)),
        _same(
            "revenue, materialized",
            _revenue(accepted),
            _one("sum(lifetime_value)", "customer_lifetime_value"),
        ),
    ]


def _same(what: str, wanted: Any, found: Any) -> tuple[str, bool, str]:
    wanted, found = wanted or 0, found or 0
    return what, wanted == found, f"{found}" if wanted == found else f"{found}, not {wanted}"


def _versions(accepted: list[Sent]) -> int:
    return sum(1 for one in accepted if one.order is not None)


def _shown_versions() -> Any:
    return _one("sum(version)", "order_summaries")


def _total(created: Any) -> Decimal:
    return sum((one.facts["total"] for one in created), Decimal(0))


def _ids(accepted: list[Sent], command: str) -> set[str | None]:
    return {one.order for one in accepted if one.command == command}


def _paid(accepted: list[Sent]) -> Decimal:
    kept = _ids(accepted, process_payment.name) - _ids(accepted, cancel_order.name)
    return _total(s for s in accepted if s.command == create_order.name and s.order in kept)


_revenue = _paid


def _pieces(accepted: list[Sent]) -> int:
    cancelled = _ids(accepted, cancel_order.name)
    return sum(
        sum(one.facts["lines"].values())
        for one in accepted
        if one.command == create_order.name and one.order not in cancelled
    )


def _gone_pieces(sent: list[Sent]) -> int:
    start = sum(int(one.facts["stock"][1]) for one in sent if "stock" in one.facts)
    free = _one("sum(quantity_available - quantity_reserved)", "product_inventory")
    return start - int(free or 0)


def rows(sql: str) -> list[Any]:
    """What the read side answers."""
    with db.reader() as connection:
        return connection.execute(sql).fetchall()


def _one(expression: str, table: str) -> Any:
    return rows(f"SELECT {expression} FROM query.{table}")[0][0]  # noqa: S608  # names of ours
