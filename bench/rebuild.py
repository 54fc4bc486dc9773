"""How fast a read table is rebuilt, and whether anybody notices.

    python -m bench.rebuild [--events N] [--jobs N] [--rounds R] [--rival N] [--no-load]
    python -m bench.rebuild --commands [--events N] [--jobs N] [--rate N] [--readers N]

With `--commands`: under a load of real commands, see rebuild_commands.py. Without, three
measurements in one run, on the log of `bench.catch_up`:

- events/s of a rebuild (folding and copying, and the whole until it is live), beside reading and
  decoding the same events in one process and doing nothing with them;
- the same beside PyPI's `eventsourcing`, which projects fewer of the same kind;
- a rebuild while events are appended, projected and read all the time: reads that failed, rows that
  were missing, and the most memory that any process of it took.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from bench import rebuild_commands, rival
from bench.catch_up import NAME, Created, a_full_log, catching_up, reading, seconds
from worker import Settings, event_log
from worker.base import db, settings
from worker.event_log import NewEvent
from worker.rebuild import RebuildProgress, Rebuilt, rebuild
from worker.subscriptions import runner

DOMAIN = "bench.trade"
COUNT = """
SELECT (SELECT position FROM query.checkpoints WHERE name = 'bench.orders'),
       (SELECT count(*) FROM query.bench_orders)
"""


@dataclass(slots=True)
class Timed:
    """One rebuild: seconds until its rows were copied, and until it was live."""

    done: Rebuilt
    built: float


def timed(jobs: int) -> Timed:
    """Rebuild."""
    built = 0.0

    def tell(progress: RebuildProgress) -> None:
        nonlocal built
        if progress.state == "building":
            built = progress.seconds

    done = rebuild(NAME, jobs=jobs, progress=tell)
    assert not done.differing, f"{done.differing} rows differ"
    return Timed(done, built)


@dataclass(slots=True)
class Load:
    """Events that are appended, projected and read, until it is over."""

    over: threading.Event = field(default_factory=threading.Event)
    positions: list[int] = field(default_factory=list)
    before: int = 0
    start: int = 0
    reads: int = 0
    missing: int = 0
    failed: list[str] = field(default_factory=list)
    longest: float = 0.0

    def append(self) -> None:
        """Append an order at a time, some hundreds a second."""
        with db.writer() as connection:
            while not self.over.is_set():
                order = str(uuid4())
                data: dict[str, object] = {"order_id": order, "customer_id": str(uuid4())}
                data |= {
                    "order_number": "1",
                    "customer_name": "C",
                    "total": "1.00",
                    "item_count": 1,
                }
                event = NewEvent(f"order-{order}", Created.type, data)
                self.positions.append(event_log.append(connection, [event])[0].position)
                time.sleep(0.002)

    def project(self) -> None:
        """Keep the live table current."""
        while not self.over.is_set():
            runner.catch_up([NAME])

    def read(self) -> None:
        """Count the rows: in one snapshot, as many as the checkpoint says, no fewer."""
        with db.reader() as connection:
            while not self.over.is_set():
                began = time.monotonic()
                try:
                    position, rows = connection.execute(COUNT).fetchall()[0]
                except Exception as error:
                    self.failed.append(str(error))
                    continue
                expected = self.before + sum(1 for each in self.positions if each <= position)
                self.missing += rows < expected
                self.longest = max(self.longest, time.monotonic() - began)
                self.reads += 1


@contextmanager
def load(rows: int) -> Iterator[Load]:
    """Load on the system, above this many rows that are there already."""
    made = Load(before=rows)
    threads = [threading.Thread(target=job) for job in (made.append, made.project, made.read)]
    for thread in threads:
        thread.start()
    try:
        yield made
    finally:
        made.over.set()
        for thread in threads:
            thread.join(60)


def show(rates: dict[str, list[float]]) -> None:
    """Print events/s, and each as a ratio to reading."""
    base = statistics.median(rates["reading and decoding, one process"])
    table = Table("", "events/s (median)", "lowest", "highest", "of reading")
    for name, found in rates.items():
        shown = (statistics.median(found), min(found), max(found))
        table.add_row(name, *(f"{rate:,.0f}" for rate in shown), f"{shown[0] / base:.2f}")
    Console().print(table)


def measure(chosen: Settings, options: argparse.Namespace, total: int) -> None:
    """Everything, on a log that is there."""
    rates: dict[str, list[float]] = {
        "reading and decoding, one process": [],
        f"folding and copying, {options.jobs} processes": [],
        "the whole rebuild, until it is live": [],
    }
    reads, builds, wholes = rates.values()
    for _ in range(options.rounds):
        reads.append(total / seconds(reading))
        one = timed(options.jobs)
        builds.append(total / one.built)
        wholes.append(total / one.done.seconds)
    if options.rival:
        name = f"eventsourcing, {options.rival:,} events"
        rates[name] = [rival.projecting(chosen, options.rival)]
        ratio = statistics.median(wholes) / rates[name][0]
        print(f"the whole rebuild is {ratio:,.0f} x eventsourcing")
    show(rates)


def under_load(jobs: int, total: int) -> None:
    """Rebuild while the system works, and say what anybody noticed."""
    with load(total // 3) as working:
        one = timed(jobs)
    print(
        f"under load: {total / one.built:,.0f} events/s built, {len(working.positions):,} events"
        f" appended meanwhile, {working.reads:,} reads, {len(working.failed)} failed,"
        f" {working.missing} with missing rows, the longest took {working.longest:.2f} s,"
        f" {one.done.differing} rows differed"
    )


def main() -> None:
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rival", type=int, default=6_000, help="events of eventsourcing; 0: none")
    parser.add_argument("--no-load", action="store_true")
    parser.add_argument("--commands", action="store_true", help="under a load of commands")
    parser.add_argument("--rate", type=float, default=100, help="commands sent a second")
    parser.add_argument("--readers", type=int, default=2, help="processes that ask the query")
    options = parser.parse_args()
    if options.commands:
        rebuild_commands.main(options)
        return
    total = options.events // 3 * 3
    with a_full_log(options.events) as made:
        chosen = made.model_copy(update={"domains": (DOMAIN,)})
        with settings.using(chosen):
            catching_up()
            measure(chosen, options, total)
            if not options.no_load:
                under_load(options.jobs, total)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"the largest process of a rebuild took {peak:,.0f} MB")


if __name__ == "__main__":
    main()
