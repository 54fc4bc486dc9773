"""`cqrs demo`: the main job on real servers, a worker killed half way, every total checked.

A few hundred commands of the orders domain go through `.delay()`. Half way one worker is killed
by SIGKILL with commands in its hands; it is started again, its messages come back, and each of its
commands takes effect exactly once. At the end the read models must say, to the cent, what the
receipts say, computed here from nothing but the commands and their receipts.
"""

from __future__ import annotations

import random
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from tasks.orders.commands import (
    add_product,
    cancel_order,
    create_order,
    process_payment,
    register_customer,
    update_order_status,
)
from worker import Settings, embedded
from worker.base import db, migrate, settings
from worker.base.registry import load_domains
from worker.cli.console import explained, out
from worker.commands import receipts
from worker.contracts import Receipt, to_cents, uuid7
from worker.embedded import watchdog
from worker.event_log.subscribers import subscriptions
from worker.ops.supervisor import Flower, Supervisor, children, environment_of
from worker.ops.sweep import find_work
from worker.refresh import refresh_all

PATIENCE = 50.0
"""Seconds until the demo gives up."""


@dataclass(slots=True)
class Sent:
    """One command of the demo: what it was, and what came of it."""

    command_id: UUID
    command: str
    order: str | None = None
    receipt: Receipt | None = None
    again: Any = None
    facts: dict[str, Any] = field(default_factory=dict)


def register(cli: typer.Typer) -> None:
    """Add the command: `[tool.cqrs] cli` names this module."""
    cli.command("demo")(explained(demo))


def demo(
    orders: Annotated[int, typer.Option(min=10, help="How many orders to place.")] = 120,
) -> None:
    """The main job, end to end, with a worker killed half way; exit code 0 if every total holds."""
    if not run(out, orders=orders):
        raise typer.Exit(1)


def run(out: Console, *, orders: int) -> bool:
    """Run the demo; True if every total holds."""
    home = settings.get_settings().home / "demo"
    with watchdog.watching(home), _system(out, home) as (supervisor, flower):
        started = time.monotonic()
        sent = _Show(out, supervisor, orders).play()
        seconds = time.monotonic() - started
        refresh_all()
        checks = check(sent)
        checks.append(("Flower answers", _answers(flower), flower.url))
        _print_checks(out, checks)
        counts = Counter(str(one.receipt.status) for one in sent if one.receipt)
        out.print(f"{len(sent)} commands in {seconds:.1f} s: {dict(counts)}", highlight=False)
        return all(holds for _, holds, _ in checks)


@contextmanager
def _system(out: Console, home: Path) -> Iterator[tuple[Supervisor, Flower]]:
    """A whole system in a home of its own; limits are short, so lost messages come back soon."""
    embedded.remove(home)
    servers = embedded.start(home)
    chosen = Settings(
        home=home,
        database_url=servers.database_url,
        query_database_url=servers.database_url,
        broker_url=servers.broker_url,
        result_url=servers.result_url,
        cache_url=servers.cache_url,
        task_soft_time_limit=4,
        task_time_limit=5,
        visibility_timeout=6,
    )
    settings.install(chosen)
    load_domains()
    out.print(f"PostgreSQL and Valkey are up; the database is at {migrate.upgrade()}")
    programs, flower = children(chosen)
    supervisor = Supervisor(programs, home / "log", environment_of(chosen))
    out.print(f"worker, beat and Flower start ({flower.url}, user {flower.user})")
    try:
        supervisor.start()
        yield supervisor, flower
    finally:
        supervisor.stop()
        db.close()
        embedded.stop(home)


class _Show:
    """Sends the commands, kills the worker, waits for the receipts, and shows all of it."""

    def __init__(self, out: Console, supervisor: Supervisor, orders: int) -> None:
        self.out = out
        self.supervisor = supervisor
        self.orders = orders
        self.killed = False
        self.sent: list[Sent] = []
        self.progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        )

    def play(self) -> list[Sent]:
        """Run every command to its receipt and the read models to the end of the log."""
        script = list(_script(self.orders))
        publishing = self.progress.add_task("sent", total=len(script))
        answered = self.progress.add_task("receipts", total=len(script))
        deadline = time.monotonic() + PATIENCE
        with Live(console=self.out, refresh_per_second=4) as live:
            for step in script:
                self.sent.append(step())
                self.progress.advance(publishing)
                self._tick(live, answered)
            resend_at = time.monotonic() + 12
            while (self._open() or _lag()) and time.monotonic() < deadline:
                self._tick(live, answered)
                if time.monotonic() > resend_at:
                    # What a killed worker took off Redis and had not noted yet is gone: a client
                    # says it again, under the same id, and it still happens once.
                    resend_at = deadline
                    for one in self._open():
                        if one.again is not None:
                            one.again()
                time.sleep(0.05)
            live.update(self._picture())
        return self.sent

    def _tick(self, live: Live, answered: Any) -> None:
        self.supervisor.tend()
        if len(self.sent) % 20 == 0 or len(self.sent) == self.progress.tasks[0].total:
            self._collect()
            self.progress.update(answered, completed=len(self.sent) - len(self._open()))
            live.update(self._picture())
        if not self.killed and len(self.sent) - len(self._open()) >= self.orders:
            self.killed = True
            self.supervisor.kill("commands")
            self.out.print("a worker was killed by SIGKILL, and started again", style="bold red")

    def _collect(self) -> None:
        found = _receipts([one.command_id for one in self._open()])
        for one in self._open():
            one.receipt = found.get(one.command_id)

    def _open(self) -> list[Sent]:
        return [one for one in self.sent if one.receipt is None]

    def _picture(self) -> Group:
        return Group(_status_table(), _inventory_table(), _lag_table(), self.progress)


def _script(orders: int) -> Iterator[Any]:
    """The demo's commands, as calls that send them: customers, products, orders and their fates."""
    chance = random.Random(2026)  # noqa: S311  # the same demo every time
    customers = [str(uuid7()) for _ in range(10)]
    products = {str(uuid7()): Decimal(f"{n}.{n:02d}") for n in range(5, 20)}
    scarce = next(iter(products))
    setup: list[UUID] = []
    for n, customer in enumerate(customers):
        yield lambda c=customer, n=n: _setup(
            setup,
            register_customer.delay(
                customer_id=c, email=f"c{n}@example.org", name=f"C {n}"
            ).command_id,
        )
    for n, (product, price) in enumerate(products.items()):
        stock = 12 if product == scarce else 100_000
        yield lambda p=product, price=price, n=n, stock=stock: _setup(
            setup,
            add_product.delay(
                product_id=p,
                sku=f"SKU-{n}",
                name=f"Product {n}",
                price=price,
                quantity_available=stock,
            ).command_id,
            stock=(p, stock),
        )
    for _ in range(orders):
        lines = {p: chance.randint(1, 3) for p in chance.sample(list(products), 3)}
        yield from _order(chance, setup, chance.choice(customers), lines, products)


def _setup(setup: list[UUID], command_id: UUID, **facts: Any) -> Sent:
    setup.append(command_id)
    return Sent(command_id, "setup", facts=facts)


def _order(
    chance: random.Random,
    setup: list[UUID],
    customer: str,
    lines: dict[str, int],
    prices: dict[str, Decimal],
) -> Iterator[Any]:
    """One order and its fate: paid (now and then with a wrong amount), shipped, given up."""
    order = str(uuid7())
    items = [{"product_id": product, "quantity": n} for product, n in lines.items()]
    subtotal = sum((prices[product] * n for product, n in lines.items()), Decimal(0))
    total = to_cents(subtotal * Decimal("1.10")) + Decimal("10.00")
    before: list[UUID] = []

    def send(command: Any, **payload: Any) -> Sent:
        after = before[-1:] or setup
        fields = {"order_id": order, **payload}
        command_id = command.apply_async(kwargs=fields, after=after).command_id
        before.append(command_id)
        facts = {"lines": lines, "total": total, "amount": payload.get("amount")}

        def again() -> None:
            command.apply_async(kwargs=fields, task_id=command_id, after=after)

        return Sent(command_id, command.name, order, facts=facts, again=again)

    yield lambda: send(create_order, customer_id=customer, items=items)
    fate = chance.random()
    if fate < 0.8:
        amount = total if fate > 0.08 else total + 1
        yield lambda: send(process_payment, amount=amount, payment_method="card")
    if fate < 0.5:
        yield lambda: send(update_order_status, status="processing")
    if fate < 0.3:
        yield lambda: send(update_order_status, status="shipped")
    if 0.6 < fate < 0.9:
        yield lambda: send(cancel_order, reason="changed their mind")


def check(sent: list[Sent]) -> list[tuple[str, bool, str]]:
    """Compare the read models with what the receipts say; (what, whether it holds, the figures)."""
    accepted = [one for one in sent if one.receipt and one.receipt.succeeded]
    created = {one.order: one for one in accepted if one.command == create_order.name}
    shown = dict(
        _rows("SELECT order_id::text, (version, total, status) FROM query.order_summaries")
    )
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


def _receipts(ids: list[UUID]) -> dict[UUID, Receipt]:
    with db.writer() as connection:
        found = receipts.find(connection, ids)
    return {command_id: one for command_id, one in found.items() if one.status.final}


def _rows(sql: str) -> list[Any]:
    with db.reader() as connection:
        return connection.execute(sql).fetchall()


def _one(expression: str, table: str) -> Any:
    return _rows(f"SELECT {expression} FROM query.{table}")[0][0]  # noqa: S608  # names of ours


def _lag() -> bool:
    return bool(find_work().groups)


def _status_table() -> Table:
    table = Table("orders", "number", "total", title="query.order_summaries", min_width=46)
    sql = "SELECT status, count(*), sum(total) FROM query.order_summaries GROUP BY 1 ORDER BY 1"
    for status, count, total in _rows(sql):
        table.add_row(status, str(count), f"{total:,.2f}")
    return table


def _inventory_table() -> Table:
    table = Table("product", "available", "reserved", title="query.product_inventory", min_width=46)
    sql = (
        "SELECT sku, quantity_available, quantity_reserved FROM query.product_inventory"
        " ORDER BY quantity_available LIMIT 4"
    )
    for sku, available, reserved in _rows(sql):
        table.add_row(sku, f"{available:,}", str(reserved))
    return table


def _lag_table() -> Table:
    table = Table("subscription", "position", title="subscriptions", min_width=46)
    positions = dict(_rows("SELECT name, position FROM query.checkpoints"))
    for one in subscriptions:
        table.add_row(one.name, str(positions.get(one.name, 0)))
    return table


def _answers(flower: Flower) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{flower.url}/healthcheck", timeout=2) as page:  # noqa: S310
                return bool(page.status == 200)
        except OSError:
            time.sleep(0.2)
    return False


def _print_checks(out: Console, checks: list[tuple[str, bool, str]]) -> None:
    table = Table("what must hold", "holds", "figure")
    for what, holds, figure in checks:
        table.add_row(what, "[green]yes" if holds else "[bold red]NO", figure)
    out.print(table)
