"""Minutes of faults under load: nothing enqueued is lost or happens twice, all comes to rest."""

from __future__ import annotations

import os
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from bench.throughput import prepare_catalogue
from tests.faults import judge, weather
from tests.faults.clients import Clients, Sent
from tests.faults.plan import Planned, plan
from tests.faults.weather import System
from tests.support.workers import until

SECONDS = float(os.environ.get("FAULTS_SECONDS", "300"))
SEED = int(os.environ.get("FAULTS_SEED", random.randrange(1_000_000)))
ACCOUNTS = 12
PAUSE = 0.04
"""Seconds between two rounds of the clients: some 60 commands a second."""
REST = 60.0
"""Seconds after the last fault, until all that was enqueued is done and nothing goes on."""
CALM = 3.0
"""Seconds without anything to do, after which it is taken for at rest."""
MOST_IDLE = 60
"""Transactions a second of a system that has nothing to do: the sweep, and what beat asks."""


@pytest.mark.timeout(SECONDS + 600)
def test_nothing_is_lost_and_nothing_happens_twice(capsys: pytest.CaptureFixture[str]) -> None:
    repeat = f"FAULTS_SEED={SEED} FAULTS_SECONDS={SECONDS:.0f} make faults"
    faults = list(plan(SEED, SECONDS))
    with capsys.disabled():
        print(f"\n{len(faults)} faults in {SECONDS:.0f} s; again: {repeat}")
    with tempfile.TemporaryDirectory(prefix="cqrs-faults-") as folder:
        with weather.system(Path(folder)) as running:
            clients = Clients(SEED, *prepare_catalogue())
            clients.open_accounts(ACCOUNTS)
            _send_while(clients, running, faults)
            seconds = _come_to_rest(clients, running, repeat)
            wrong = judge.judge(
                running.postgres.url, f"{running.valkey.url}/0", clients.sent.enqueued
            )
            idle = _transactions_a_second(running)
            lost = _lost(running, clients.sent)
        with capsys.disabled():
            print(_told(clients.sent, seconds, idle, lost))
    assert not wrong, f"{wrong}; again: {repeat}"
    assert idle < MOST_IDLE, f"{idle:.0f} transactions a second with nothing to do; again: {repeat}"


def _send_while(clients: Clients, running: System, faults: list[Planned]) -> None:
    with ThreadPoolExecutor(1) as pool:
        storm = pool.submit(weather.blow, running, faults)
        while not storm.done():
            clients.go_on()
            time.sleep(PAUSE)
        storm.result()


def _come_to_rest(clients: Clients, running: System, repeat: str) -> float:
    """Wait until nothing is left to do; the seconds that it took."""
    began = calm_since = time.monotonic()

    def at_rest() -> bool:
        nonlocal calm_since
        running.supervisor.tend()
        found = judge.unfinished(running.postgres.url, clients.sent.enqueued)
        if not clients.finish() or found or judge.messages(f"{running.valkey.url}/0"):
            calm_since = time.monotonic()
        return time.monotonic() - calm_since > CALM

    until(at_rest, REST, f"not at rest after {REST:.0f} s; again: {repeat}")
    return calm_since - began


def _transactions_a_second(running: System, seconds: float = 4.0) -> float:
    before = _transactions(running)
    time.sleep(seconds)
    return (_transactions(running) - before) / seconds


def _transactions(running: System) -> int:
    with psycopg.connect(running.postgres.url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database"
            " WHERE datname = current_database()"
        ).fetchone()
    return int(row[0]) if row else 0


def _lost(running: System, sent: Sent) -> list[str]:
    """What the broker had alone, and lost: that may be (see the README), and is named."""
    with psycopg.connect(running.postgres.url, autocommit=True) as connection:
        return [str(one) for one in judge.without_receipt(connection, sent.sent)]


def _told(sent: Sent, seconds: float, idle: float, lost: list[str]) -> str:
    return (
        f"{len(sent.enqueued)} enqueued, none lost; {len(sent.sent)} by the broker alone, lost:"
        f" {len(lost)} {lost or ''}; {sent.errors} errors told to the clients; at rest after"
        f" {seconds:.0f} s, then {idle:.0f} transactions a second"
    )
