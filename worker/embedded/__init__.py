"""Real PostgreSQL 18 and Valkey out of PyPI wheels, started and stopped by us.

    no servers --start()--> both answer, servers.json written --stop()--> no servers, data kept
                   ^                    |                                        |
                   |                    | SIGKILL, reboot, folder deleted        | remove()
                   +--------------------+                                        v
                                                                       nothing left anywhere

What this promises:

- Who names servers of their own for one kind gets none of that kind: `start` starts what is wanted.
- A home is a folder. One home has at most one PostgreSQL and one Valkey, whoever asks and from
  whichever shell: `start`, `stop` and `remove` take the home's file lock, and a server counts as
  running only if its process lives *and* its command line names this home's data.
- Servers run in a session of their own, so Ctrl-C in the foreground reaches the caller and not
  them. They outlive the death of the process that started them and are found again by the next
  `start`; only `stop` ends them. Who wants them to end with it, by SIGKILL too, starts them
  inside `watchdog.watching`, as `cqrs up` and `cqrs demo` do.
- Their addresses stay from one start to the next, so that a neighbour's settings can name them. Is
  Valkey's port taken meanwhile, another one is chosen, and `taken_port` says which it was.
- PostgreSQL listens on a unix socket in a folder of mode 0700 and nowhere else; that folder is
  the guard, so there is no password. Valkey listens on 127.0.0.1 alone, without a password: every
  account of the machine can reach it, which is right for a desk and wrong for a shared host.
- No mode and no owner of anything outside our own folders changes. As root the servers run as
  `nobody`, with their data under the system's temporary folder, whose parents are open already
  (`<home>/data` links there, and the data lasts as long as that folder does); binaries that
  `nobody` cannot reach are copied, never opened up.

A home holds `servers.json` (while they run), `data` (or the link to it), `postgres.log`,
`valkey.log` and `lock`. Linux and macOS; elsewhere name servers of your own in the settings.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from . import postgres, valkey, watchdog
from .errors import ServerDidNotStart
from .folders import Folders, make_home
from .programs import client_programs

__all__ = [
    "ServerDidNotStart",
    "Servers",
    "client_programs",
    "find",
    "remove",
    "start",
    "stop",
    "watchdog",
]


VALKEY_ALONE = frozenset({"valkey"})
BOTH = frozenset({"postgres", "valkey"})


@dataclass(frozen=True)
class Servers:
    """Where the running servers of one home answer, and which processes they are.

    Of a server that was not wanted the process is 0 and the URL empty.
    """

    database_url: str
    broker_url: str
    result_url: str
    cache_url: str
    postgres_pid: int
    valkey_pid: int
    taken_port: int | None = None
    """The port that Valkey had last time, if somebody else has it now."""


def start(home: Path, *, durable: bool = True, wanted: frozenset[str] = BOTH) -> Servers:
    """The servers of `home`, started if they do not run; all `wanted` answer when this returns.

    `wanted`: `postgres`, `valkey` or both; what runs besides goes on. Servers that run already are
    returned as they are, whatever `durable` says. The database
    `cqrs` exists afterwards. `durable=False` gives up all safety against power cuts for speed
    (tests). Raises `ServerDidNotStart`.
    """
    _refuse_windows()
    with _locked(home):
        if (running := find(home)) is not None and wanted <= _kinds(running):
            return running
        _end_orphans(home)
        folders = Folders.make(home)
        servers = _start(folders, durable, wanted | _kinds(running))
        _publish(folders, servers)
        return servers


def find(home: Path) -> Servers | None:
    """The servers of `home` if all that were wanted run, else None. Starts nothing, and does not
    wait."""
    folders = Folders.of(home)
    servers = _read(folders) if folders is not None else None
    if folders is None or servers is None:
        return None
    alive = (
        servers.postgres_pid and postgres.running_pid(folders),
        servers.valkey_pid and valkey.running_pid(folders),
    )
    return servers if alive == (servers.postgres_pid, servers.valkey_pid) else None


def _kinds(servers: Servers | None) -> frozenset[str]:
    """Which of the two run."""
    if servers is None:
        return frozenset()
    pids = {"postgres": servers.postgres_pid, "valkey": servers.valkey_pid}
    return frozenset(kind for kind, pid in pids.items() if pid)


def stop(home: Path) -> None:
    """Stop the servers of `home` cleanly and wait until they are gone; the data stays."""
    if (home / "lock").exists():
        with _locked(home):
            _stop_all(home)


def remove(home: Path) -> None:
    """Stop the servers of `home` and delete their data, logs and links, wherever they lie."""
    if (home / "lock").exists():
        with _locked(home):
            _stop_all(home)
            Folders.remove(home)


def _start(folders: Folders, durable: bool, wanted: frozenset[str]) -> Servers:
    """Valkey comes up while PostgreSQL makes its data folder."""
    cache, pid = None, 0
    try:
        if "valkey" in wanted:
            cache = valkey.start(folders, durable=durable)
        if "postgres" in wanted:
            pid = postgres.start(folders, durable=durable)
    except BaseException:
        _stop_both(folders)
        raise
    redis = f"redis://127.0.0.1:{cache.port}" if cache else ""
    return Servers(
        database_url=postgres.url(folders) if pid else "",
        broker_url=redis and f"{redis}/0",
        result_url=redis and f"{redis}/1",
        cache_url=redis and f"{redis}/2",
        postgres_pid=pid,
        valkey_pid=cache.pid if cache else 0,
        taken_port=cache.taken if cache else None,
    )


def _stop_both(folders: Folders) -> None:
    folders.published.unlink(missing_ok=True)
    postgres.stop(folders)
    valkey.stop(folders)


def _stop_all(home: Path) -> None:
    _end_orphans(home)
    if (folders := Folders.of(home)) is not None:
        _stop_both(folders)


def _end_orphans(home: Path) -> None:
    """Servers whose data was deleted under them still hold memory and a port: end them."""
    folders = Folders.of(home)
    servers = _read(folders) if folders is not None else None
    if folders is not None and servers is not None:
        if servers.postgres_pid:
            postgres.end_orphan(folders, servers.postgres_pid)
        if servers.valkey_pid:
            valkey.end_orphan(folders, servers.valkey_pid)


def _publish(folders: Folders, servers: Servers) -> None:
    """Written beside and renamed: a reader sees the whole file or none."""
    draft = folders.published.with_suffix(".new")
    draft.write_text(json.dumps(asdict(servers), indent=2) + "\n")
    draft.replace(folders.published)


def _read(folders: Folders) -> Servers | None:
    try:
        return Servers(**json.loads(folders.published.read_text()))
    except (OSError, ValueError, TypeError):
        return None


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Hold the file lock of `home`, which is made if it is missing."""
    try:
        lock = _lock(home)
    except OSError as error:
        raise ServerDidNotStart(
            "The embedded servers",
            f"the folder {home} cannot be used ({error.strerror})",
            advice="Name a folder of your own in CQRS_HOME.",
        ) from error
    try:
        yield
    finally:
        os.close(lock)


def _lock(home: Path) -> int:
    """The descriptor that holds the lock of `home`; waits for whoever has it."""
    import fcntl

    while True:
        make_home(home)
        lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        # `remove` may have deleted the file while we waited: then we hold the lock of nothing.
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), (home / "lock").stat()):
                return lock
        os.close(lock)


def _refuse_windows() -> None:
    if sys.platform == "win32":
        raise ServerDidNotStart(
            "The embedded servers",
            "they run on Linux and macOS only",
            advice="Set CQRS_DATABASE_URL, CQRS_BROKER_URL, CQRS_RESULT_URL and CQRS_CACHE_URL.",
        )
