"""Who may migrate: an owner without superuser's rights, whether he made the group roles or not."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.conftest import in_database
from worker.base import migrate
from worker.base.errors import MissingRoles
from worker.embedded import Servers

OWNER = "shop_owner"


@pytest.fixture
def cluster(servers: Servers, template: str) -> Iterator[psycopg.Connection]:
    """The cluster's superuser, beside a login that owns an empty database."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEROLE")
        connection.execute(f"CREATE DATABASE {OWNER} OWNER {OWNER}")
        yield connection
        connection.execute(f"DROP DATABASE {OWNER} WITH (FORCE)")
        connection.execute(f"DROP OWNED BY {OWNER}")
        connection.execute(f"DROP ROLE {OWNER}")


def url(servers: Servers) -> str:
    """The owner's own URL."""
    head, _, query = in_database(servers.database_url, OWNER).partition("?")
    host = head.partition("://")[2].partition("@")[2]
    return f"postgresql://{OWNER}@{host}" + (f"?{query}" if query else "")


@pytest.mark.parametrize(
    "granted",
    ["", "WITH ADMIN TRUE, INHERIT FALSE, SET FALSE"],
    ids=["somebody made the groups and granted them", "he made the groups, and may grant them"],
)
def test_an_owner_without_createrole_migrates_and_takes_the_groups_on(
    cluster: psycopg.Connection, servers: Servers, granted: str
) -> None:
    for group in ("cqrs_writer", "cqrs_reader"):
        cluster.execute(sql.SQL(f"GRANT {group} TO {OWNER} {granted}"))

    migrate.upgrade(url(servers))

    with psycopg.connect(make_conninfo(url(servers)), autocommit=True) as connection:
        for group in ("cqrs_writer", "cqrs_reader"):
            connection.execute(f"SET ROLE {group}")
            connection.execute("RESET ROLE")


def test_who_lacks_the_groups_is_told_what_to_run_once(
    cluster: psycopg.Connection, servers: Servers
) -> None:
    with pytest.raises(MissingRoles) as missing:
        migrate.upgrade(url(servers))
    assert missing.value.statements == (
        f"GRANT cqrs_reader TO {OWNER};",
        f"GRANT cqrs_writer TO {OWNER};",
    )

    for statement in missing.value.statements:
        cluster.execute(statement.encode())
    migrate.upgrade(url(servers))
