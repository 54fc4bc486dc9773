"""Makes `tests/upgrade/<version>.sql`: a database of this version, filled as applications do.

    python -m tests.upgrade.filled 0.1.0

A trade of the shop, accounts with a transfer, a dead command, a dead letter's neighbours, snapshots
and a changeset: run once, when a version is released, by the code of that version. The file is
never made anew: later migrations are tried on it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from tasks.banking import commands as banking
from tasks.orders import commands as orders
from worker import Settings, embedded, uuid7
from worker.base import db, migrate, settings
from worker.base.registry import load_domains
from worker.commands.command import CommandTask
from worker.commands.decoding import prepare
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt
from worker.embedded.folders import Folders
from worker.embedded.programs import postgres_bin
from worker.subscriptions import runner

HERE = Path(__file__).parent


def send(task: CommandTask[Any], **payload: Any) -> dict[str, Any]:
    """Run one command in this process; it must succeed."""
    command = Envelope(uuid7(), task.name, prepare(task.spec, payload).wire)
    (receipt,) = execute([command]).outcomes
    assert isinstance(receipt, Receipt), receipt
    assert receipt.succeeded, receipt
    data: dict[str, Any] = receipt.data
    return data


def fill() -> None:
    """What an application of a few days has left behind."""
    customer, tea, cup = (str(uuid7()) for _ in range(3))
    send(orders.register_customer, customer_id=customer, email="ada@example.com", name="Ada")
    for product, sku, price in ((tea, "tea", "9.62"), (cup, "cup", "4.00")):
        send(
            orders.add_product,
            product_id=product,
            sku=sku,
            name=sku.title(),
            price=price,
            quantity_available=100,
        )
    placed = [
        send(
            orders.create_order,
            customer_id=customer,
            items=[{"product_id": tea, "quantity": 2}, {"product_id": cup, "quantity": n + 1}],
            notes="by hand",
        )
        for n in range(3)
    ]
    first, second, _ = placed
    paid = {"order_id": first["order_id"], "amount": first["total"], "payment_method": "card"}
    send(orders.process_payment, **paid)
    for status in ("processing", "shipped"):
        send(orders.update_order_status, order_id=first["order_id"], status=status)
    send(orders.cancel_order, order_id=second["order_id"], reason="changed her mind")
    accounts = [str(uuid7()) for _ in range(2)]
    for account in accounts:
        send(banking.open_account, account_id=account, owner="Ada")
    for _ in range(120):  # past a snapshot
        send(banking.deposit, account_id=accounts[0], amount=Decimal("10.00"))
    runner.catch_up()
    with db.writer() as connection, connection.transaction():
        raw: Any = {"customer_id": customer, "items": [{"product_id": tea, "quantity": 1}]}
        orders.create_order.enqueue(connection, **raw)
    with db.owner() as connection:
        for view in ("revenue_by_product", "customer_lifetime_value"):
            connection.execute(f"REFRESH MATERIALIZED VIEW query.{view}".encode())


def main(version: str) -> None:
    """Fill a database of this code's version and write it down."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        servers = embedded.start(home, durable=False)
        try:
            chosen = Settings(
                home=home,
                database_url=servers.database_url,
                broker_url=servers.broker_url,
                result_url=servers.result_url,
                cache_url=servers.cache_url,
            )
            with settings.using(chosen):
                load_domains()
                migrate.upgrade()
                fill()
                db.close()
            program = postgres_bin(Folders.make(home)) / "pg_dump"
            dump = [str(program), "--no-owner", "--dbname", servers.database_url]
            text = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
        finally:
            embedded.remove(home)
    lines = (line for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestr")))
    (HERE / f"{version}.sql").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
