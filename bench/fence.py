"""What the fence costs and what it saves: `python -m bench.fence --help`.

One run, one server, the same appenders and readers three times: with the fence, with an exclusive
table lock in its place (the usual cure), and with neither. Beside them two readers that keep a
checkpoint: one goes up to `cqrs.horizon()`, one takes whatever it sees. Exits with 1 if the reader
behind the fence has skipped an event.

Works in a database of its own, on the server named, and drops it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib import resources
from multiprocessing import get_context
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg.conninfo import make_conninfo
from rich.console import Console
from rich.table import Table

from worker import embedded
from worker.base import db
from worker.event_log import Connection, NewEvent, append, horizon, read
from worker.store import OBJECTS

FENCE = "PERFORM cqrs.fence();"
MODES = {
    "fence": FENCE,
    "exclusive table lock": "LOCK TABLE cqrs.events IN EXCLUSIVE MODE;",
    "neither": "",
}
PAGE = 5_000


@dataclass(frozen=True)
class Load:
    """How long, and who appends how: `events` a transaction, `pause` seconds before its commit."""

    seconds: float
    appenders: int
    events: int
    pause: float


class Outcome(NamedTuple):
    """What one mode came to: events and transactions a second, skipped events, µs a horizon."""

    appends: float
    events: int
    skipped: int
    skipped_naive: int
    horizon_us: float


class Followed(NamedTuple):
    """How many events a reader has seen, and the mean time of asking how far it may read."""

    seen: int
    asking_us: float


def naive_horizon(connection: Connection) -> int:
    """The end of the log as far as it is visible."""
    [(last,)] = connection.execute("SELECT coalesce(max(position), 0) FROM cqrs.events")
    return int(last)


class Signals(NamedTuple):
    """When everybody may start, and when there is nothing more to come."""

    start: Barrier
    quiet: Event


def take_part(signals: Signals) -> None:
    """Initialise a child process: signals can only be inherited."""
    global _signals
    _signals = signals


_signals: Signals


def append_for(url: str, load: Load, seed: int) -> int:
    """Append for as long as asked, one transaction after another; how many there were."""
    batch = [NewEvent(f"{seed}-{n}", "bench.happened", {"n": n}) for n in range(load.events)]
    times = 0
    with psycopg.connect(url, autocommit=True) as connection:
        _signals.start.wait()
        until = time.perf_counter() + load.seconds
        while time.perf_counter() < until:
            with connection.transaction():
                append(connection, batch)
                if load.pause:
                    connection.execute("SELECT pg_sleep(%s)", [load.pause])
            times += 1
    return times


def follow(url: str, behind_horizon: bool) -> Followed:
    """Read along until all is quiet, and once more."""
    bound = horizon if behind_horizon else naive_horizon
    checkpoint = seen = asked = 0
    asking = 0.0
    with psycopg.connect(url, autocommit=True) as connection:
        _signals.start.wait()
        over = False
        while not over:
            over = _signals.quiet.wait(0.001)
            start = time.perf_counter()
            upto = bound(connection)
            asking += time.perf_counter() - start
            asked += 1
            while page := read(connection, after=checkpoint, upto=upto, limit=PAGE):
                seen += len(page)
                checkpoint = page[-1].position
            checkpoint = max(checkpoint, upto)
    return Followed(seen, asking / asked * 1e6)


def measure(url: str, load: Load) -> Outcome:
    """One mode: appenders and both readers, each a process of its own."""
    parties = load.appenders + 2
    context = get_context("spawn")
    signals = Signals(context.Barrier(parties), context.Event())
    with ProcessPoolExecutor(parties, context, take_part, (signals,)) as pool:
        readers = [pool.submit(follow, url, fenced) for fenced in (True, False)]
        appenders = [pool.submit(append_for, url, load, seed) for seed in range(load.appenders)]
        appended = sum(future.result() for future in appenders)
        signals.quiet.set()
        behind, naive = (future.result() for future in readers)
    with psycopg.connect(url) as connection:
        [(committed,)] = connection.execute("SELECT count(*) FROM cqrs.events")
    return Outcome(
        appended / load.seconds,
        committed,
        committed - behind.seen,
        committed - naive.seen,
        behind.asking_us,
    )


@contextmanager
def scratch(server: str, mode: str) -> Iterator[str]:
    """An empty log whose `append` has this mode in the place of the fence; dropped after."""
    name = f"cqrs_bench_{uuid.uuid4().hex[:8]}"
    url = make_conninfo(db.psycopg_url(server), dbname=name)
    with psycopg.connect(db.psycopg_url(server), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            with psycopg.connect(url) as own:
                install_log(own)
                [(source,)] = own.execute(
                    "SELECT pg_get_functiondef('cqrs.append(jsonb)'::regprocedure)"
                )
                assert source.count(FENCE) == 1
                own.execute(source.replace(FENCE, MODES[mode]))
            yield url
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def install_log(connection: Connection) -> None:
    """The event log's own objects, without the rest of the engine."""
    for name in (*OBJECTS[: OBJECTS.index("append") + 1], "holders/fences"):
        file = resources.files("worker.store") / "sql" / f"{name}.sql"
        connection.execute(file.read_text(encoding="utf-8").encode())


@contextmanager
def server_at(url: str | None) -> Iterator[str]:
    """The server named, or an embedded one that commits to disk, for the length of this run."""
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="cqrs-bench-") as home:
        try:
            yield embedded.start(Path(home), durable=True).database_url
        finally:
            embedded.remove(Path(home))


def idle_horizon_us(url: str, times: int = 2_000) -> float:
    """The mean time of one horizon() while nobody appends, round trip included, in µs."""
    with psycopg.connect(url, autocommit=True) as connection:
        start = time.perf_counter()
        for _ in range(times):
            horizon(connection)
        return (time.perf_counter() - start) / times * 1e6


def show(title: str, outcomes: dict[str, Outcome]) -> None:
    table = Table(title=title)
    table.add_column("events in order by")
    for heading in (
        "transactions/s", "ratio", "events", "skipped by\na naive reader",
        "skipped up to\nthe horizon", "µs a horizon()\nmeanwhile",
    ):  # fmt: skip
        table.add_column(heading, justify="right")
    base = outcomes["exclusive table lock"].appends
    for mode, one in outcomes.items():
        table.add_row(
            mode,
            f"{one.appends:,.0f}",
            f"{one.appends / base:.2f}",
            f"{one.events:,}",
            percent(one.skipped_naive, one.events),
            percent(one.skipped, one.events) if mode == "fence" else "—",
            f"{one.horizon_us:,.0f}" if mode == "fence" else "—",
        )
    Console(width=120).print(table)


def percent(some: int, of: int) -> str:
    return f"{some:,} ({some / of:.1%})" if some else "0"


def run(server: str, load: Load) -> dict[str, Outcome]:
    outcomes = {}
    for mode in MODES:
        with scratch(server, mode) as url:
            outcomes[mode] = measure(url, load)
    return outcomes


def main(arguments: Sequence[str] | None = None) -> int:
    number = partial(argparse.ArgumentParser.add_argument, type=float)
    parser = argparse.ArgumentParser("python -m bench.fence", description=__doc__.split("\n")[0])
    parser.add_argument("--database-url", default=os.environ.get("CQRS_DATABASE_URL"))
    number(parser, "--seconds", default=6.0, help="length of each of six measurements")
    parser.add_argument("--appenders", type=int, default=8)
    chosen = parser.parse_args(arguments)
    skipped = 0
    with server_at(chosen.database_url) as server:
        for title, events, pause in (
            ("one event a transaction, committed at once", 1, 0.0),
            ("ten events a transaction, 2 ms between append and commit", 10, 0.002),
        ):
            outcomes = run(server, Load(chosen.seconds, chosen.appenders, events, pause))
            show(f"{chosen.appenders} appenders, {title}", outcomes)
            skipped += outcomes["fence"].skipped
        with scratch(server, "fence") as url:
            quiet = idle_horizon_us(url)
        print(f"one horizon() while all is quiet, round trip included: {quiet:,.0f} µs")
    return 1 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
