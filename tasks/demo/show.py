"""The demo at work: commands go out, a worker is killed, receipts and read models arrive."""

from __future__ import annotations

import time
from uuid import UUID

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from tasks.demo.checks import rows
from tasks.demo.script import Sent, script
from worker.base import db
from worker.commands import receipts
from worker.contracts import Receipt
from worker.event_log.subscribers import subscriptions
from worker.ops.maintenance import find_work
from worker.ops.supervisor import Supervisor

PATIENCE = 60.0
"""Seconds without any progress, after which the demo gives up: a slow machine is no fault."""
RESEND_AFTER = 12.0
"""Seconds after the last command was sent, when a client would say again what has no receipt."""
LOOK_EVERY = 0.05


class Show:
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
        self._script = list(script(orders))
        self._sending = self.progress.add_task("sent", total=len(self._script))
        self._answered = self.progress.add_task("receipts", total=len(self._script))
        self._moved = time.monotonic(), _state(self.open)

    @property
    def open(self) -> list[Sent]:
        """The commands that have no receipt yet."""
        return [one for one in self.sent if one.receipt is None]

    @property
    def finished(self) -> bool:
        """Whether every command has its receipt and every read model what they did."""
        return len(self.sent) == len(self._script) and not self.open and not _lag()

    def play(self) -> list[Sent]:
        """Send every command; return when all is done, or when nothing moves any more."""
        with Live(console=self.out, refresh_per_second=4) as live:
            for number, step in enumerate(self._script):
                self.sent.append(step())
                self.progress.advance(self._sending)
                self.supervisor.tend()
                if number % 20 == 0:
                    self._look(live)
            self._wait(live)
            live.update(self._picture())
        return self.sent

    def _wait(self, live: Live) -> None:
        resend_at: float | None = time.monotonic() + RESEND_AFTER
        while not self.finished and self._moves():
            self.supervisor.tend()
            self._look(live)
            if resend_at is not None and time.monotonic() > resend_at:
                resend_at = None
                self._send_again()
            time.sleep(LOOK_EVERY)

    def _send_again(self) -> None:
        """What a killed worker took off Redis and had not noted yet is gone: a client says it
        again, under the same id, and it still happens once."""
        for one in self.open:
            if one.again is not None:
                one.again()

    def _moves(self) -> bool:
        """Whether anything has come on within the patience."""
        since, before = self._moved
        now = _state(self.open)
        if now != before:
            self._moved = time.monotonic(), now
            return True
        return time.monotonic() - since < PATIENCE

    def _look(self, live: Live) -> None:
        found = _receipts([one.command_id for one in self.open])
        for one in self.open:
            one.receipt = found.get(one.command_id)
        done = len(self.sent) - len(self.open)
        self.progress.update(self._answered, completed=done)
        live.update(self._picture())
        if not self.killed and done >= self.orders:
            self.killed = True
            self.supervisor.kill("commands")
            self.out.print("a worker was killed by SIGKILL, and started again", style="bold red")

    def _picture(self) -> Group:
        return Group(_status_table(), _inventory_table(), _lag_table(), self.progress)


def _state(open_: list[Sent]) -> tuple[int, int]:
    """What changes as long as anything goes on: open commands, and how far the read models are."""
    ((position,),) = rows("SELECT coalesce(sum(position), 0) FROM query.checkpoints")
    return len(open_), int(position)


def _receipts(ids: list[UUID]) -> dict[UUID, Receipt]:
    with db.writer() as connection:
        found = receipts.find(connection, ids)
    return {command_id: one for command_id, one in found.items() if one.status.final}


def _lag() -> bool:
    return bool(find_work().groups)


def _status_table() -> Table:
    table = Table("orders", "number", "total", title="query.order_summaries", min_width=46)
    sql = "SELECT status, count(*), sum(total) FROM query.order_summaries GROUP BY 1 ORDER BY 1"
    for status, count, total in rows(sql):
        table.add_row(status, str(count), f"{total:,.2f}")
    return table


def _inventory_table() -> Table:
    table = Table("product", "available", "reserved", title="query.product_inventory", min_width=46)
    sql = (
        "SELECT sku, quantity_available, quantity_reserved FROM query.product_inventory"
        " ORDER BY quantity_available LIMIT 4"
    )
    for sku, available, reserved in rows(sql):
        table.add_row(sku, f"{available:,}", str(reserved))
    return table


def _lag_table() -> Table:
    table = Table("subscription", "position", title="subscriptions", min_width=46)
    positions = dict(rows("SELECT name, position FROM query.checkpoints"))
    for one in subscriptions:
        table.add_row(one.name, str(positions.get(one.name, 0)))
    return table
