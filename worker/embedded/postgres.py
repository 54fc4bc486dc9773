"""PostgreSQL 18: makes its data folder, runs it on a unix socket, makes the database `cqrs`."""

from __future__ import annotations

import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

import psycopg

from .errors import ServerDidNotStart, tail
from .folders import Folders
from .processes import end, ended_on_error, lives, run, spawn, wait_until
from .programs import postgres_bin

DATABASE = "cqrs"
START_SECONDS = 60.0
FREE_SECONDS = 10.0

# Sized for 2 cores and a laptop's memory. On the command line they hold whatever stands in the
# data folder, so that a home made by an older version gets them too.
SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "wal_level": "replica",
    "autovacuum": "on",
    "jit": "off",
    "random_page_cost": "1.1",
    "log_checkpoints": "off",
}
UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

# Collation by code point: the same order on every machine, whatever its libraries.
INITDB_OPTIONS = (
    "--username=postgres",
    "--auth=trust",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)

# PostgreSQL's own words for them: fast, immediate, none.
STOP_STEPS = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0))

# After a SIGKILL the backends of the old server need a moment to see that it is gone; until then
# they hold its shared memory and a new server refuses to start.
STILL_IN_USE = "is still in use"


def url(folders: Folders) -> str:
    """The port names the socket file; given here so that PGPORT cannot change it."""
    return f"postgresql://postgres@/{DATABASE}?host={folders.socket}&port={SETTINGS['port']}"


def running_pid(folders: Folders) -> int | None:
    """The pid of this home's server if it runs on a data folder that is still there."""
    pid = _recorded_pid(folders)
    return pid if pid is not None and lives(pid, folders.postgres_data) else None


def start(folders: Folders, *, durable: bool) -> int:
    """The pid of the server, which accepts connections and has the database `cqrs`."""
    pid = running_pid(folders)
    if pid is None or not _await_answer(folders, pid):
        pid = _start(folders, durable)
    _make_database(folders)
    return pid


def stop(folders: Folders) -> None:
    """End the server and wait until it is gone, by force if it does not go in time."""
    if (pid := running_pid(folders)) is not None:
        end(pid, folders.postgres_data, STOP_STEPS)


def end_orphan(folders: Folders, pid: int) -> None:
    """Kill a server whose data folder was deleted: there is nothing left for it to save."""
    if running_pid(folders) is None:
        end(pid, folders.postgres_data, STOP_STEPS[-1:])


def _recorded_pid(folders: Folders) -> int | None:
    """The first line of the server's own lock file."""
    try:
        return int((folders.postgres_data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None


def _start(folders: Folders, durable: bool) -> int:
    programs = postgres_bin(folders)
    folders.make_socket_folder()
    if not (folders.postgres_data / "PG_VERSION").exists():
        _make_data(programs, folders, durable)
    _forget_recycled_pid(folders)
    settings = SETTINGS | {"unix_socket_directories": str(folders.socket)}
    if not durable:
        settings |= UNSAFE_SETTINGS
    options = [f"--{name}={value}" for name, value in settings.items()]
    return _serve([programs / "postgres", "-D", folders.postgres_data, *options], folders)


def _make_data(programs: Path, folders: Folders, durable: bool) -> None:
    """Made beside and renamed, so that a killed initdb leaves nothing that looks finished."""
    shutil.rmtree(folders.place / "postgres.new", ignore_errors=True)
    shutil.rmtree(folders.postgres_data, ignore_errors=True)
    draft = folders.servers_own("postgres.new")
    sync = () if durable else ("--no-sync",)
    log = folders.log("initdb")
    if not run(
        [programs / "initdb", "-D", draft, *INITDB_OPTIONS, *sync],
        log=log,
        account=folders.account,
    ):
        raise _did_not_start("its data folder could not be made", log)
    draft.replace(folders.postgres_data)
    log.unlink()


def _forget_recycled_pid(folders: Folders) -> None:
    """Remove a lock file whose pid now belongs to some other program.

    PostgreSQL itself sees only that the pid lives, and refuses to start. A server that still
    holds the data is not endangered: its shared memory is found by the folder, not by this file.
    """
    pid = _recorded_pid(folders)
    if pid is not None and not lives(pid, folders.postgres_data):
        (folders.postgres_data / "postmaster.pid").unlink(missing_ok=True)


def _serve(argv: list[str | Path], folders: Folders) -> int:
    """Start the server; again as long as only its killed predecessor stands in the way."""
    deadline = time.monotonic() + FREE_SECONDS
    while True:
        pid = spawn(argv, log=folders.log("postgres"), account=folders.account)
        with ended_on_error(pid, folders.postgres_data, STOP_STEPS):
            if _await_answer(folders, pid):
                return pid
        if time.monotonic() > deadline or not _predecessor_lingers(folders):
            raise _did_not_start("it ended at once", folders.log("postgres"))


def _predecessor_lingers(folders: Folders) -> bool:
    return any(STILL_IN_USE in line for line in tail(folders.log("postgres")))


def _await_answer(folders: Folders, pid: int) -> bool:
    """Wait until the server answers; False if it has ended instead."""

    def is_gone() -> bool:
        return not lives(pid, folders.postgres_data)

    if not wait_until(lambda: _answers(folders) or is_gone(), START_SECONDS):
        reason = f"it has not answered for {START_SECONDS:.0f} seconds"
        raise _did_not_start(reason, folders.log("postgres"))
    return not is_gone()


def _answers(folders: Folders) -> bool:
    try:
        _connect(folders).close()
    except psycopg.errors.TooManyConnections:
        return True
    except psycopg.OperationalError:
        return False
    return True


def _connect(folders: Folders) -> psycopg.Connection:
    return psycopg.connect(
        host=str(folders.socket),
        port=SETTINGS["port"],
        user="postgres",
        dbname="postgres",
        connect_timeout=5,
        autocommit=True,
    )


def _make_database(folders: Folders) -> None:
    connection = _connect(folders)
    with connection, suppress(psycopg.errors.DuplicateDatabase):
        connection.execute(f"CREATE DATABASE {DATABASE}")


def _did_not_start(reason: str, log: Path) -> ServerDidNotStart:
    return ServerDidNotStart(
        "PostgreSQL",
        reason,
        log=log,
        advice="Mend what the log names, delete the data folder if its data may go, or name a "
        "server of your own in CQRS_DATABASE_URL.",
    )
