"""Who may migrate: an owner without superuser's rights, whether he made the group roles or not."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis as redis_py
import sqlalchemy as sa
from psycopg import errors as pg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tests.conftest import Database, in_database, test_settings
from tests.support import shop
from worker import embedded, rebuild
from worker.base import db, migrate
from worker.base.db_errors import sentence
from worker.base.errors import MissingRoles, RestoredWithoutRoles
from worker.base.urls import psycopg_url
from worker.commands.executor import execute
from worker.contracts import Envelope, Receipt, uuid7
from worker.embedded import Servers, client_programs
from worker.testing.servers import in_use
from worker.testing.system import System

OWNER = "shop_owner"
GROUPS = ("cqrs_writer", "cqrs_reader", "cqrs_sender")


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
    for group in GROUPS:
        cluster.execute(sql.SQL(f"GRANT {group} TO {OWNER} {granted}"))

    migrate.upgrade(url(servers))

    with psycopg.connect(make_conninfo(url(servers)), autocommit=True) as connection:
        for group in GROUPS:
            connection.execute(f"SET ROLE {group}")
            connection.execute("RESET ROLE")


def test_an_owner_who_is_in_two_groups_of_three_migrates(
    cluster: psycopg.Connection, servers: Servers
) -> None:
    """He gives the third one its rights without being in it: his workers never are senders."""
    cluster.execute(sql.SQL(f"GRANT cqrs_writer, cqrs_reader TO {OWNER}"))

    migrate.upgrade(url(servers))

    with psycopg.connect(make_conninfo(url(servers)), autocommit=True) as connection:
        assert connection.execute(
            "SELECT has_table_privilege('cqrs_sender', 'cqrs.receipts', 'SELECT'),"
            " has_table_privilege('cqrs_sender', 'query.checkpoints', 'SELECT')"
        ).fetchone() == (True, True)


def test_a_migration_keeps_who_was_given_the_function_by_name(
    cluster: psycopg.Connection, servers: Servers
) -> None:
    """As applications were, before there was a group for them; as senders from then on."""
    home = in_database(servers.database_url, OWNER)
    with psycopg.connect(home, autocommit=True) as owner:
        _migrate_to(home, "0001_engine")
        owner.execute("CREATE ROLE by_name LOGIN")
        owner.execute("GRANT USAGE ON SCHEMA cqrs TO by_name")
        owner.execute("GRANT EXECUTE ON FUNCTION cqrs.enqueue(jsonb) TO by_name")
        migrate.upgrade(home)
        owner.execute("SET SESSION AUTHORIZATION by_name")
        owner.execute("SELECT cqrs.enqueue('a.b', '{}', actor => 'boss')")
        owner.execute("RESET SESSION AUTHORIZATION")
        sent = owner.execute("SELECT actor FROM cqrs.enqueued_commands").fetchall()
        owner.execute("DROP OWNED BY by_name")
        owner.execute("DROP ROLE by_name")
    assert sent == [("by_name",)]


def _migrate_to(url: str, revision: str) -> None:
    """The engine's line, to an earlier version."""
    from alembic import command

    (line,) = [line for line in migrate.lines() if line.package == migrate.ENGINE]
    config, engine = line.config(), sa.create_engine(db.sqlalchemy_url(url))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


@pytest.fixture
def bare_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    """A cluster in which nobody has made a group, as its superuser; a login owns a database."""
    home = tmp_path_factory.mktemp("bare")
    servers = embedded.start(home, durable=False, wanted=frozenset({"postgres"}))
    try:
        with psycopg.connect(servers.database_url, autocommit=True) as superuser:
            superuser.execute(f"CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEROLE")
            superuser.execute(f"CREATE DATABASE {OWNER} OWNER {OWNER}")
            yield superuser
    finally:
        embedded.remove(home)


@pytest.mark.slow
@pytest.mark.parametrize("rights", ["CREATEROLE", "NOCREATEROLE"])
def test_an_owner_without_superusers_rights_migrates_and_runs_it_all(
    bare_cluster: psycopg.Connection,
    servers: Servers,
    redis: redis_py.Redis,
    rights: str,
    tmp_path: Path,
) -> None:
    """As managed PostgreSQL has it: he makes the groups himself, or a DBA has made them before."""
    bare_cluster.execute(f"ALTER ROLE {OWNER} {rights}".encode())
    if rights == "NOCREATEROLE":
        bare_cluster.execute(
            "CREATE ROLE cqrs_writer NOLOGIN; CREATE ROLE cqrs_reader NOLOGIN;"
            "CREATE ROLE cqrs_sender NOLOGIN IN ROLE cqrs_reader;"
            f"GRANT cqrs_writer, cqrs_reader TO {OWNER}"
        )
    info = bare_cluster.info
    owner_url = f"postgresql://{OWNER}@/{OWNER}?host={info.host}&port={info.port}"
    migrate.upgrade(owner_url)

    with in_use(test_settings(servers, owner_url, tmp_path)):
        system = System(OWNER, owner_url)
        ordered = shop.order(shop.customer(), shop.product(10))
        (receipt,) = execute([Envelope(uuid7(), "orders.create_order", ordered)]).outcomes
        assert isinstance(receipt, Receipt)
        assert receipt.succeeded
        system.catch_up()
        rebuild.rebuild("orders.order_summaries")
        with db.reader() as connection:
            assert connection.execute("SELECT count(*) FROM query.order_summaries").fetchone() == (
                1,
            )
        with db.sender() as connection:
            assert db.is_writer(connection)


def test_a_member_who_may_not_set_the_role_is_told_so(
    cluster: psycopg.Connection, servers: Servers
) -> None:
    if cluster.info.server_version < 160000:
        pytest.skip("before PostgreSQL 16 whoever is a member may set the role")
    cluster.execute(f"GRANT cqrs_writer TO {OWNER} WITH SET FALSE".encode())
    cluster.execute(f"GRANT cqrs_reader TO {OWNER}".encode())
    with pytest.raises(MissingRoles) as missing:
        migrate.upgrade(url(servers))
    assert missing.value.statements == (f"GRANT cqrs_writer TO {OWNER} WITH SET TRUE;",)
    cluster.execute(missing.value.statements[0].encode())
    migrate.upgrade(url(servers))


@pytest.mark.slow
def test_without_the_third_group_an_owner_is_told_what_to_make(
    bare_cluster: psycopg.Connection,
) -> None:
    """The advice is taken word for word, one after the other, until it is migrated."""
    superuser = bare_cluster
    there = make_conninfo(superuser.info.dsn, dbname=OWNER, user=OWNER)
    owner_url = (
        f"postgresql://{OWNER}@/{OWNER}?host={superuser.info.host}&port={superuser.info.port}"
    )
    superuser.execute("CREATE ROLE cqrs_writer NOLOGIN; CREATE ROLE cqrs_reader NOLOGIN")
    superuser.execute(f"GRANT cqrs_writer, cqrs_reader TO {OWNER}")

    with pytest.raises(pg.InvalidRoleSpecification) as missing:
        migrate.upgrade(owner_url)
    assert "as a superuser, CREATE ROLE cqrs_sender NOLOGIN IN ROLE cqrs_reader;" in sentence(
        missing.value
    )
    superuser.execute("CREATE ROLE cqrs_sender NOLOGIN")
    with pytest.raises(pg.InvalidRoleSpecification) as alone:
        migrate.upgrade(owner_url)
    assert "as a superuser, GRANT cqrs_reader TO cqrs_sender;" in sentence(alone.value)
    superuser.execute("GRANT cqrs_reader TO cqrs_sender")
    migrate.upgrade(owner_url)

    with psycopg.connect(there) as owner:
        owner.execute("SELECT FROM cqrs.sender_roles")


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


@pytest.mark.slow
def test_a_dump_is_restored_into_a_cluster_that_never_had_the_groups(
    bare_cluster: psycopg.Connection, servers: Servers, database: Database, tmp_path: Path
) -> None:
    """First as people do it, and told what to do then; then as they are told."""
    target = make_conninfo(bare_cluster.info.dsn, dbname=OWNER)
    head = f"postgresql://postgres@/{OWNER}?host={bare_cluster.info.host}"
    there = f"{head}&port={bare_cluster.info.port}"
    shop.customer()
    programs, dump = _programs(), tmp_path / "dump"
    _run(programs / "pg_dump", "-Fc", "-f", str(dump), "-d", psycopg_url(database.url))
    _run(programs / "pg_restore", "-d", target, str(dump), check=False)
    with pytest.raises(RestoredWithoutRoles, match="--roles-only"):
        migrate.upgrade(there)

    migrate.make_roles(there)
    listed = _run(programs / "pg_restore", "-l", str(dump)).splitlines(keepends=True)
    (tmp_path / "rights").write_text("".join(line for line in listed if " ACL " in line))
    _run(programs / "pg_restore", "-L", str(tmp_path / "rights"), "-d", target, str(dump))
    migrate.upgrade(there)
    db.close()
    with in_use(test_settings(servers, there, tmp_path)):
        shop.customer()
        System(OWNER, there).catch_up()
    with psycopg.connect(target) as owner:
        assert owner.execute("SELECT count(*) FROM command.customers").fetchone() == (2,)


def _programs() -> Path:
    programs = client_programs()
    assert programs is not None
    return programs


def _run(program: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout
