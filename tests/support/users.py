"""Database users of a test: who logs in, and in which groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from worker.base import db, settings
from worker.testing.databases import Database


@contextmanager
def logins(database: Database, **groups: str) -> Iterator[None]:
    """Users that may log in, each with the group that it is in, or ''; they are gone afterwards."""
    with database.connect() as owner:
        for user, group in groups.items():
            clause = sql.SQL(" IN ROLE {}").format(sql.Identifier(group)) if group else sql.SQL("")
            made = sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret'").format(sql.Identifier(user))
            owner.execute(made + clause)
        try:
            yield
        finally:
            db.close()
            for user in groups:
                owner.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(user)))
                owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(user)))


def url_of(database: Database, user: str) -> str:
    """The database's URL with this user."""
    return database.url.replace("postgres@", f"{user}:secret@")


def connect_as(database: Database, user: str) -> psycopg.Connection:
    """A connection of this user's, in autocommit."""
    return psycopg.connect(url_of(database, user), autocommit=True)


@contextmanager
def process_of(database: Database, user: str) -> Iterator[None]:
    """This process is one whose CQRS_DATABASE_URL names this user."""
    here = settings.get_settings().model_copy(update={"database_url": url_of(database, user)})
    with settings.using(here):
        db.close()
        try:
            yield
        finally:
            db.close()
