"""A database for each test, cloned from a template that was migrated once a run.

    server ─▶ template: created, migrated (a second or so) ─▶ clone ─▶ clone ─▶ …
                                                              each in some tens of milliseconds

The server's own databases are never touched: what is made here has names of its own, with a random
part, and is dropped at the end. The user of the URL needs CREATEDB, and what `cqrs migrate` needs.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from worker.base import migrate
from worker.base.urls import psycopg_url


@dataclass(frozen=True)
class Database:
    """A database of a test's own."""

    name: str
    url: str

    def connect(self, **options: object) -> psycopg.Connection:
        """A new connection as the owner, in autocommit."""
        return psycopg.connect(psycopg_url(self.url), autocommit=True, **options)  # type: ignore[arg-type]

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """A new connection as the owner, in a transaction that is committed at the end."""
        with self.connect() as connection, connection.transaction():
            yield connection


def in_database(url: str, name: str) -> str:
    """A server's URL, leading to another of its databases."""
    head, _, query = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")


@dataclass(frozen=True)
class Template:
    """A migrated database of a server that is never used itself, and the way to clones of it."""

    server: str
    name: str
    strategy: str = "WAL_LOG"
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @property
    def url(self) -> str:
        """Where the template itself is."""
        return in_database(self.server, self.name)

    def clone(self) -> Database:
        """A fresh copy. Nobody may be connected to the template meanwhile."""
        name = f"{self.name}_{next(self._numbers)}"
        self._execute(
            f"CREATE DATABASE {{}} TEMPLATE {{}} STRATEGY {self.strategy}", name, self.name
        )
        return Database(name, in_database(self.server, name))

    def drop(self, name: str) -> None:
        """Drop a clone, whoever is connected to it."""
        self._execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)

    @contextmanager
    def cloned(self) -> Iterator[Database]:
        """A fresh copy that is dropped at the end of the block."""
        made = self.clone()
        try:
            yield made
        finally:
            self.drop(made.name)

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(psycopg_url(self.server), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def template(server: str, *, durable: bool = True) -> Iterator[Template]:
    """A template on this server, migrated by the engine and the domains of the settings.

    Copying files is the faster way where nothing has to be `durable`: elsewhere it costs the whole
    server two checkpoints.
    """
    strategy = "WAL_LOG" if durable else "FILE_COPY"
    made = Template(server, f"cqrs_test_{secrets.token_hex(4)}", strategy)
    made._execute("CREATE DATABASE {}", made.name)
    try:
        migrate.upgrade(made.url)
        yield made
    finally:
        made.drop(made.name)
