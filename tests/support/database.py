"""A database of a test's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg


@dataclass(frozen=True)
class Database:
    """A database of a test's own."""

    name: str
    url: str

    def connect(self, **options: object) -> psycopg.Connection:
        """A new connection as the owner, in autocommit."""
        return psycopg.connect(self.url, autocommit=True, **options)  # type: ignore[arg-type]

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """A new connection as the owner, in a transaction that is committed at the end."""
        with self.connect() as connection, connection.transaction():
            yield connection
