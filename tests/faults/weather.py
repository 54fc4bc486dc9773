"""The system under faults: two workers and beat, and whatever the plan does to them."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.faults.plan import Fault, Planned
from tests.faults.servers import Postgres, Valkey
from worker import Settings
from worker.base import migrate, settings
from worker.base.registry import load_domains
from worker.ops.supervisor import Child, Supervisor, celery, environment_of

WORKERS = ("first", "second")
QUEUES = "commands,projections,reactions,maintenance"
VISIBILITY = 6
"""Seconds: short, so that what a killed worker held comes back while somebody looks."""
LEAST_AWAY, MOST_AWAY = 0.5, 4.0
"""Seconds that a server stays away, or a worker stands still."""
LOOK_EVERY = 0.05


@dataclass(frozen=True)
class System:
    """All that runs."""

    settings: Settings
    postgres: Postgres
    valkey: Valkey
    supervisor: Supervisor


@contextmanager
def system(folder: Path) -> Iterator[System]:
    """Servers, a migrated database, two workers and beat; settings installed for this process."""
    postgres, valkey = Postgres(folder / "postgres"), Valkey(folder / "valkey")
    try:
        postgres.start()
        valkey.start()
        chosen = _settings(folder, postgres, valkey)
        with settings.using(chosen):
            migrate.upgrade()
            load_domains()
            supervisor = _programs(chosen)
            try:
                supervisor.start()
                yield System(chosen, postgres, valkey, supervisor)
            finally:
                supervisor.stop()
    finally:
        postgres.remove()
        valkey.remove()


def _settings(folder: Path, postgres: Postgres, valkey: Valkey) -> Settings:
    return Settings(
        home=folder / "home",
        database_url=postgres.url,
        broker_url=f"{valkey.url}/0",
        result_url=f"{valkey.url}/1",
        cache_url=f"{valkey.url}/2",
        task_soft_time_limit=VISIBILITY - 2,
        task_time_limit=VISIBILITY - 1,
        visibility_timeout=VISIBILITY,
    )


def _programs(chosen: Settings) -> Supervisor:
    arguments = ["worker", "-Q", QUEUES, "-c", "2", "-l", "WARNING"]
    programs = [Child(name, celery(*arguments, "-n", f"{name}@faults")) for name in WORKERS]
    programs.append(Child("beat", celery("beat", "-l", "WARNING")))
    return Supervisor(programs, chosen.home / "log", environment_of(chosen))


def blow(running: System, plan: list[Planned]) -> None:
    """Let every planned fault happen in its second. Every server answers when this returns."""
    began = time.monotonic()
    for planned in plan:
        _wait(running, began + planned.second - time.monotonic())
        _happen(running, planned.fault, random.Random(planned.choice))


def _wait(running: System, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        running.supervisor.tend()
        time.sleep(LOOK_EVERY)


def _happen(running: System, fault: Fault, chance: random.Random) -> None:
    name, away = chance.choice(WORKERS), chance.uniform(LEAST_AWAY, MOST_AWAY)
    match fault:
        case Fault.WORKER:
            running.supervisor.kill(name)
        case Fault.CHILD:
            _kill_a_child(running, name, chance)
        case Fault.BEAT:
            running.supervisor.kill("beat")
        case Fault.STOPPED:
            _stand_still(running, name, away + VISIBILITY * chance.choice((0, 1)))
        case Fault.BACKENDS:
            _terminate_backends(running.postgres.url)
        case Fault.POSTGRES | Fault.VALKEY | Fault.EMPTY_VALKEY:
            server = running.postgres if fault is Fault.POSTGRES else running.valkey
            server.kill(forget=fault is Fault.EMPTY_VALKEY)
            _wait(running, away)
            server.start()


def _process(running: System, name: str) -> int | None:
    (child,) = (one for one in running.supervisor.children if one.name == name)
    return child.process.pid if child.process is not None and child.running else None


def _kill_a_child(running: System, name: str, chance: random.Random) -> None:
    if (parent := _process(running, name)) is None:
        return
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    if children:
        with suppress(ProcessLookupError):
            os.kill(int(chance.choice(children)), signal.SIGKILL)


def _stand_still(running: System, name: str, seconds: float) -> None:
    """SIGSTOP to a worker with its pool, as a frozen machine: others take over what it held."""
    if (group := _process(running, name)) is None:
        return
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGSTOP)
        time.sleep(seconds)
        os.killpg(group, signal.SIGCONT)


def _terminate_backends(url: str) -> None:
    with suppress(psycopg.OperationalError), psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
