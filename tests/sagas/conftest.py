"""The postal domain, in this process and in workers that are started."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis as redis_py
from celery.contrib.testing.worker import start_worker

from tests.conftest import Database
from tests.support.domains import import_like_a_worker, see
from tests.support.workers import until
from worker.base import settings
from worker.base.app import QUEUES, app
from worker.base.registry import load_domains
from worker.commands.executor import execute
from worker.commands.queue_consumer import drain
from worker.contracts import Envelope, Receipt, uuid7
from worker.ops.maintenance import find_work
from worker.subscriptions.runner import catch_up


@dataclass(frozen=True)
class Parcels:
    """The parcels of one test, and the world outside the database."""

    database: Database
    outside: Path

    def run(self, name: str, **payload: Any) -> Receipt:
        """Run a command in this process."""
        (outcome,) = execute([Envelope(uuid7(), f"postal.{name}", payload)]).outcomes
        assert isinstance(outcome, Receipt), outcome
        return outcome

    def post(self, **payload: Any) -> UUID:
        """Post a parcel."""
        parcel_id = uuid7()
        assert self.run("post", parcel_id=str(parcel_id), **payload).succeeded
        return parcel_id

    def letters(self) -> list[str]:
        """The letters that were written, one line each, in order."""
        file = self.outside / "letters"
        return sorted(file.read_text().splitlines()) if file.exists() else []

    def rows(self, sql: str, *parameters: object) -> list[Any]:
        """What a query gives, as the owner."""
        with self.database.connect() as connection:
            return connection.execute(sql, parameters).fetchall()

    def count(self, event_type: str) -> int:
        """How many events of a type there are."""
        ((count,),) = self.rows("SELECT count(*) FROM cqrs.events WHERE type = %s", event_type)
        return int(count)

    def back_to_the_beginning(self) -> None:
        """Let every subscription read the log once more."""
        with self.database.connect() as connection:
            connection.execute("UPDATE cqrs.subscriptions SET position = 0")

    def all_done(self) -> bool:
        """Whether every event was read, and everything that was enqueued has its receipt."""
        ((done,),) = self.rows(
            "SELECT NOT EXISTS (SELECT FROM cqrs.enqueued_commands) AND 3 = ("
            "   SELECT count(*) FROM cqrs.subscriptions"
            "    WHERE name = ANY (ARRAY['postal.news', 'postal.on_your_way', 'postal.sending'])"
            "      AND position >= (SELECT max(position) FROM cqrs.events))"
        )
        return bool(done)

    def until_all_done(
        self, *, impatient: bool = False, also: Callable[[], bool] = lambda: True
    ) -> None:
        """Sweep, as beat does, until the workers have done everything there is.

        `impatient` does not wait for the pauses between the attempts of event tasks.
        """
        last = 0.0

        def look() -> bool:
            nonlocal last
            if time.monotonic() - last > 0.3:
                last = time.monotonic()
                if impatient:
                    self.no_task_waits()
                app.send_task("cqrs.sweep", ignore_result=True)
            return self.all_done() and also()

        until(look, 60, "something is not done")

    def no_task_waits(self) -> None:
        """Let the time be over that event tasks wait for: leases, pauses between attempts."""
        with self.database.connect() as connection:
            connection.execute(
                "UPDATE cqrs.enqueued_commands SET due_at = now()"
                " WHERE name = 'postal.write_letter'"
            )

    def let_everything_happen(self) -> None:
        """Run subscriptions and enqueued commands here until only event tasks are under way."""
        for _ in range(100):
            catch_up()
            drain()
            work = find_work()
            if not work.groups and not work.commands:
                return
        raise AssertionError("there is always something left to do")


@pytest.fixture
def parcels(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parcels:
    """A database on which the postal domain is loaded."""
    outside = tmp_path / "outside"
    outside.mkdir()
    monkeypatch.setenv("POSTAL_OUTSIDE", str(outside))
    now = settings.get_settings()
    chosen = now.model_copy(update={"domains": (*now.domains, "tests.sagas.postal")})
    monkeypatch.setattr(settings, "_current", chosen)
    load_domains()
    see(chosen.domains)
    return Parcels(database, outside)


@pytest.fixture
def worker(parcels: Parcels, redis: redis_py.Redis) -> Iterator[None]:
    """A worker thread on every queue: for tests in which nobody dies."""
    import_like_a_worker()
    with start_worker(
        app, pool="solo", queues=QUEUES, perform_ping_check=False, shutdown_timeout=30
    ):
        yield
    logging.getLogger().handlers.clear()
