"""A filled database of an earlier version goes on under this code, with all that it held."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tasks.orders.commands import process_payment
from tasks.orders.queries import orders_summary
from tests.conftest import Database, in_database, test_settings
from tests.support.shop import accepted, send
from worker.base import db, migrate, settings, wake_ups
from worker.base.errors import DatabaseIsNewer
from worker.base.registry import load_domains
from worker.commands import queue_consumer
from worker.embedded import Servers
from worker.embedded.folders import Folders
from worker.embedded.programs import postgres_bin
from worker.event_log.subscribers import subscriptions
from worker.rebuild.verify import verify_all
from worker.subscriptions import runner
from worker.subscriptions.projection import Projection

HERE = Path(__file__).parent
VERSIONS = sorted(file.stem for file in HERE.glob("*.sql"))


@pytest.fixture(params=VERSIONS)
def filled(
    request: pytest.FixtureRequest, servers: Servers, template: str, tmp_path: Path
) -> Iterator[Database]:
    """A database of an earlier version, restored and migrated by this code."""
    name = f"cqrs_upgrade_{request.param.replace('.', '_')}"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    restored = Database(name, in_database(servers.database_url, name))
    psql = postgres_bin(Folders.make(tmp_path)) / "psql"
    file = HERE / f"{request.param}.sql"
    quiet = ["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--file={file}"]
    subprocess.run([psql, *quiet, restored.url], check=True, capture_output=True)
    with settings.using(test_settings(servers, restored.url, tmp_path)):
        load_domains()
        migrate.upgrade()
        yield restored
        db.close()
        wake_ups.forget()
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_a_database_of_a_later_release_is_refused_in_a_sentence(own_database: Database) -> None:
    with own_database.connect() as connection:
        connection.execute("UPDATE cqrs.alembic_version SET version_num = '0099_later'")
        connection.commit()
    with pytest.raises(DatabaseIsNewer, match="0099_later"):
        migrate.upgrade(own_database.url)


def test_there_is_a_version_to_upgrade_from() -> None:
    assert "0.1.0" in VERSIONS


@pytest.mark.usefixtures("redis")
def test_what_it_held_is_there_and_it_goes_on(filled: Database) -> None:
    migrate.require()
    orders = orders_summary.ask(limit=10).data
    pending = next(order for order in orders if order.status == "pending")

    queue_consumer.drain()
    paid = send(
        process_payment, order_id=pending.order_id, amount=pending.total, payment_method="card"
    )
    runner.catch_up()

    accepted(paid)
    read = orders_summary.ask(limit=10, after=paid).data
    after = {order.order_id: order.status for order in read}
    assert sorted(order.status for order in orders) == ["cancelled", "pending", "shipped"]
    assert after[pending.order_id] == "paid"
    assert len(after) == 4  # the enqueued one has run


@pytest.mark.usefixtures("redis")
def test_its_read_models_are_what_its_log_folds_to(filled: Database) -> None:
    runner.catch_up()

    differing = {
        one.name: verify_all(one.name).differing
        for one in subscriptions
        if isinstance(one, Projection) and one.name.startswith(("orders.", "banking."))
    }

    assert set(differing.values()) == {0}
