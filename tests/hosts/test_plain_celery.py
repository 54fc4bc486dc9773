"""A plain Celery application, its worker and beat beside ours on one Redis: all as without us."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest
import redis as redis_py

from tests.conftest import in_database, test_settings
from tests.processes.test_docs import DOCS, blocks
from tests.support.host_project import HostProject, host_project
from tests.support.workers import until
from worker.embedded import Servers

SOURCE = Path(__file__).parent / "plain_celery"
QUEUES = "commands,projections,reactions,maintenance"
VISIBILITY = 4
"""Seconds of the engine's visibility timeout: the shop's parcel is due later than that."""


@pytest.fixture(scope="module")
def shop(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProject]:
    """The shop, installed with the engine's wheel, and the domain `notes` of the pages."""
    scratch, name = tmp_path_factory.mktemp("plain"), "plain_celery_shop"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database = in_database(servers.database_url, name)
    chosen = test_settings(
        servers,
        database,
        scratch / "home",
        domains=("notes",),
        foreign_queues=("celery",),
        task_soft_time_limit=2,
        task_time_limit=3,
        visibility_timeout=VISIBILITY,
    )
    made = host_project(SOURCE, scratch, settings=chosen)
    for block in blocks(DOCS / "adding-a-domain.md"):
        if block.file and block.file.startswith("notes/"):
            file = made.folder / block.file
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text)
            (file.parent / "__init__.py").touch()
    own = {
        "SHOP_BROKER": servers.broker_url,
        "SHOP_STORE": servers.cache_url,
        "SHOP_DATABASE": database,
    }
    made = replace(made, settings={**made.settings, **own})
    made.run("-m", "worker.cli", "migrate")
    yield made
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("order", ["before", "after"])
def test_the_shop_is_as_without_us(shop: HostProject, order: str) -> None:
    without = json.loads(shop.run("facts.py", "never"))
    assert json.loads(shop.run("facts.py", order)) == without
    assert without["current app"] == without["of a shared task"] == "shop"
    assert without["numbers"] == ["Decimal('0.10')", "12345678901234567890123"]
    assert without["tasks"] == ["shop.deliver", "shop.label", "shop.tick"]


def test_its_own_alembic_drops_nothing_of_ours(shop: HostProject) -> None:
    advised, otherwise = shop.run("autogenerate.py").split("\n")[:2]
    assert advised == "as advised 0"
    assert otherwise != "else 0", "without the advice it would: else this says nothing"


def is_ready(log: Path) -> bool:
    """Whether the worker that writes it takes tasks."""
    return " ready." in log.read_text()


def test_its_worker_and_beat_run_beside_ours(shop: HostProject, servers: Servers) -> None:
    store = redis_py.Redis.from_url(servers.cache_url)
    store.flushall()
    with ExitStack() as stack:
        for app, extra in (("shop", ("-Q", "celery")), ("worker", ("-Q", QUEUES))):
            worker = ("-m", "celery", "-A", app, "worker", "-c", "1", "-l", "INFO", *extra)
            stack.enter_context(shop.running(*worker, "-n", f"{app}@here", log=f"{app}.log"))
            beat = ("-m", "celery", "-A", app, "beat", "-l", "INFO")
            stack.enter_context(shop.running(*beat, log=f"{app}-beat.log"))
        for app in ("shop", "worker"):
            until(partial(is_ready, shop.folder / f"{app}.log"), 60, f"see {app}.log")
        shop.run("send.py", str(VISIBILITY + 3))
        until(lambda: store.llen("shop:labels"), 30)
        assert json.loads(store.lindex("shop:labels", 0) or b"") == ["notes.write_note", "fragile"]
        until(lambda: store.hget("shop:delivered", "late"), 30)
        ticks = int(store.get("shop:ticks") or 0)
        until(lambda: int(store.get("shop:ticks") or 0) >= ticks + VISIBILITY, 30)
        assert store.hget("shop:delivered", "late") == b"1"
    assert "shop." not in (shop.folder / "worker.log").read_text()
    assert "cqrs." not in (shop.folder / "shop.log").read_text()
