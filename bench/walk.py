"""One command on its way, from `.delay()` to a cached answer: through how many modules of ours?

    python -m bench.walk [--modules]

Five legs, each in this process under Python's profiler: `.delay()` up to the broker, the worker's
`execute`, the five projections of an order, a query that misses the cache, and one that hits it.
Each leg is taken once before it is counted, so that nothing is counted that happens only at first.
Counted are the modules of `worker`, `tasks` and `models` in which a function was called, and the
moves: how often a function of one of those modules was called, directly or through a library, by
one of another.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from types import FrameType
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from bench.system import system
from tasks.orders.commands import add_product, create_order, register_customer
from tasks.orders.queries import orders_summary
from worker.commands.executor import execute
from worker.contracts import Envelope, uuid7
from worker.subscriptions import runner

OURS = ("worker", "tasks", "models")
_limits = count(1)  # each asks something that nobody has asked before


@dataclass
class Walk:
    """What a leg touched: modules in order of their first call, and moves between them."""

    modules: dict[str, None] = field(default_factory=dict)
    moves: int = 0

    def note(self, frame: FrameType, event: str, _argument: Any) -> None:
        """Python's profiler calls this at each call."""
        if event == "call" and (name := _module_of(frame)):
            self.modules.setdefault(name)
            caller = frame.f_back
            while caller is not None and not _module_of(caller):
                caller = caller.f_back
            self.moves += caller is not None and _module_of(caller) not in (name, __name__)


def _module_of(frame: FrameType) -> str | None:
    """The module of ours, or this one, in which a frame runs."""
    name = str(frame.f_globals.get("__name__", ""))
    return name if name == __name__ or name.partition(".")[0] in OURS else None


def walked(leg: Callable[[], object]) -> Walk:
    """One leg, profiled."""
    walk = Walk()
    sys.setprofile(walk.note)
    try:
        leg()
    finally:
        sys.setprofile(None)
    return walk


def run(command: str, **payload: Any) -> None:
    """One command in this process, without a broker."""
    execute([Envelope(uuid7(), command, payload)])


def legs(customer: UUID, product: UUID) -> dict[str, Callable[[], object]]:
    """The legs, in the order in which a command goes through them."""
    return {
        "delay": lambda: create_order.delay(**_order(customer, product)),
        "execute": lambda: run(create_order.name, **_order(customer, product)),
        "five projections": lambda: runner.catch_up(),
        "ask, not cached": lambda: orders_summary.ask(customer_id=customer, limit=next(_limits)),
        "ask, cached": lambda: orders_summary.ask(customer_id=customer),
    }


def main() -> None:
    """Walk twice, count the second time."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--modules", action="store_true", help="name the modules of each leg")
    chosen = arguments.parse_args()
    table = Table("leg", "modules", "moves")
    out = Console()
    with system():
        customer, product = uuid7(), uuid7()
        run(
            register_customer.name,
            customer_id=str(customer),
            email="ada@example.com",
            name="Ada",
        )
        run(
            add_product.name,
            product_id=str(product),
            sku="tea",
            name="Tea",
            price="9.62",
            quantity_available=100,
        )
        taken = legs(customer, product)
        for leg in taken.values():
            leg()
        run(create_order.name, **_order(customer, product))
        for name, leg in taken.items():
            walk = walked(leg)
            table.add_row(name, str(len(walk.modules)), str(walk.moves))
            if chosen.modules:
                out.print(f"{name}: {', '.join(walk.modules)}")
    out.print(table)


def _order(customer: UUID, product: UUID) -> dict[str, Any]:
    items = [{"product_id": str(product), "quantity": 1}]
    return {"order_id": str(uuid7()), "customer_id": str(customer), "items": items}


if __name__ == "__main__":
    main()
