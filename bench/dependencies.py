"""How long the dependency analysis takes, beside what PostgreSQL needs to read its own catalogue.

    python -m bench.dependencies [--url postgresql://…]

A schema of 300 objects is generated in a database of its own on that server (default: embedded
servers in a temporary folder), analyzed, and dropped. Prints milliseconds and pairs.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from tests.schema.generated import generate
from worker import embedded
from worker.base import migrate
from worker.schema.catalogue.dependencies import analyze_dependencies

ROUNDS = 9
NAME = "cqrs_bench_dependencies"
CATALOGUE = "SELECT count(*) FROM pg_depend, (SELECT count(*) FROM pg_class) AS c"

Connection = psycopg.Connection[Any]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="PostgreSQL; unset: an embedded one")
    with _server(parser.parse_args().url) as url, _database(url) as connection:
        pairs = _install(connection)
        schemas = ("command", "query"), ("pg_catalog", "information_schema")
        table = Table("what", "median ms", "worst ms", title=f"300 objects, {pairs} pairs")
        table.add_row("read pg_depend once", *_measure(lambda: connection.execute(CATALOGUE)))
        for pair in schemas:
            measured = _measure(partial(analyze_dependencies, connection, *pair))
            table.add_row(f"analyze_dependencies{pair}", *measured)
        Console().print(table)


def _measure(call: Callable[[], object]) -> tuple[str, str]:
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        call()
        took.append((time.perf_counter() - start) * 1_000)
    return f"{statistics.median(took):.1f}", f"{max(took):.1f}"


def _install(connection: Connection) -> int:
    with connection.transaction():
        for statement in generate().statements:
            connection.execute(statement.encode())
    return len(analyze_dependencies(connection))


@contextmanager
def _server(url: str | None) -> Iterator[str]:
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory(prefix="cqrs-bench-") as home:
        try:
            yield embedded.start(Path(home)).database_url
        finally:
            embedded.remove(Path(home))


@contextmanager
def _database(url: str) -> Iterator[Connection]:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME}")
        server.execute(f"CREATE DATABASE {NAME}")
        own = _of_database(url, NAME)
        try:
            migrate.upgrade(own)
            with psycopg.connect(own, autocommit=True) as connection:
                yield connection
        finally:
            server.execute(f"DROP DATABASE {NAME} WITH (FORCE)")


def _of_database(url: str, name: str) -> str:
    """The same server's URL, leading to another of its databases."""
    head, _, options = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{options}" if options else "")


if __name__ == "__main__":
    main()
