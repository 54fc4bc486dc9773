"""Valkey: on 127.0.0.1, at the port of last time if that is free; its data in the home's place.

A neighbour's settings name the port, so it stays from one start to the next. Ports are chosen below
those that systems give to clients: else any outgoing connection could take ours while we are away.
"""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import string
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from .errors import ServerDidNotStart
from .folders import Folders
from .processes import end, ended_on_error, lives, spawn, wait_until
from .programs import valkey_server

HOST = "127.0.0.1"
START_SECONDS = 20.0
PING_SECONDS = 1.0
PORTS_TO_TRY = 5
PORTS = range(20_000, 32_000)
"""Linux gives clients 32768 and up, macOS 49152 and up."""

# `noeviction`: a broker that drops what does not fit loses messages without a word.
# `set-proc-title no`: the command line is how a later process knows this server.
CONFIGURATION = """\
bind {host}
port {port}
dir {data}
pidfile {pidfile}
daemonize no
set-proc-title no
loglevel warning
maxmemory-policy noeviction
appendonly no
save {save}
"""
PLAIN = frozenset(string.ascii_letters + string.digits + " /._-+,=@:")
"""What stands for itself between quotes; everything else is written as its bytes."""
SAVE = "60 1"
SAVE_NEVER = '""'

STOP_STEPS = ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))


class Started(NamedTuple):
    """A server that answers; `taken` is the port of last time, if somebody else has it now."""

    pid: int
    port: int
    taken: int | None = None


def running_pid(folders: Folders) -> int | None:
    """The pid of this home's server if it runs on a folder that is still there."""
    pid = _recorded_pid(folders)
    return pid if pid is not None and lives(pid, _configuration(folders)) else None


def start(folders: Folders, *, durable: bool) -> Started:
    """Start the server, unless it runs."""
    pid, port = running_pid(folders), _recorded_port(folders)
    if pid is not None and port is not None and _await_answer(folders, pid, port):
        return Started(pid, port)
    return _start(folders, port, durable)


def stop(folders: Folders) -> None:
    """End the server and wait until it is gone; it saves its data first."""
    if (pid := running_pid(folders)) is not None:
        end(pid, _configuration(folders), STOP_STEPS)


def end_orphan(folders: Folders, pid: int) -> None:
    """Kill a server whose folder was deleted: there is nothing left for it to save."""
    if running_pid(folders) is None:
        end(pid, _configuration(folders), STOP_STEPS[-1:])


def _start(folders: Folders, before: int | None, durable: bool) -> Started:
    """Another process may take the free port before the server does: then it ends, and we retry."""
    program = valkey_server(folders)
    data = folders.servers_own("valkey")
    kept = before if before is not None and _is_free(before) else None
    for port in (kept or _free_port(), *(_free_port() for _ in range(PORTS_TO_TRY - 1))):
        _configure(folders, data, port, durable)
        argv: list[str | Path] = [program, _configuration(folders)]
        pid = spawn(argv, log=folders.log("valkey"), account=folders.account)
        with ended_on_error(pid, _configuration(folders), STOP_STEPS):
            if _await_answer(folders, pid, port):
                return Started(pid, port, before if before != port else None)
    raise _did_not_start("it ended at once", folders)


def _configuration(folders: Folders) -> Path:
    return folders.place / "valkey.conf"


def _configure(folders: Folders, data: Path, port: int, durable: bool) -> None:
    path = _configuration(folders)
    path.write_text(
        CONFIGURATION.format(
            host=HOST,
            port=port,
            data=_quoted(data),
            pidfile=_quoted(data / "valkey.pid"),
            save=SAVE if durable else SAVE_NEVER,
        )
    )
    path.chmod(0o644)


def _quoted(path: Path) -> str:
    """A path as one word of the configuration, whatever bytes its name has."""
    plain = (chr(byte) if chr(byte) in PLAIN else f"\\x{byte:02x}" for byte in os.fsencode(path))
    return f'"{"".join(plain)}"'


def _recorded_pid(folders: Folders) -> int | None:
    try:
        return int((folders.place / "valkey" / "valkey.pid").read_text())
    except (OSError, ValueError):
        return None


def _recorded_port(folders: Folders) -> int | None:
    with suppress(OSError):
        found = re.search(r"^port (\d+)$", _configuration(folders).read_text(), re.MULTILINE)
        return int(found[1]) if found else None
    return None


def _free_port() -> int:
    for _ in range(PORTS_TO_TRY):
        if _is_free(port := secrets.choice(PORTS)):
            return port
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        found: int = probe.getsockname()[1]
        return found


def _is_free(port: int) -> bool:
    """Whether nobody listens there. Connections that have just ended hold nobody up."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _await_answer(folders: Folders, pid: int, port: int) -> bool:
    """Wait until the server answers; False if it has ended instead."""

    def is_gone() -> bool:
        return not lives(pid, _configuration(folders))

    if not wait_until(lambda: _answers(pid, port) or is_gone(), START_SECONDS):
        raise _did_not_start(f"it has not answered for {START_SECONDS:.0f} seconds", folders)
    return not is_gone()


def _answers(pid: int, port: int) -> bool:
    """True if the server on `port` has loaded its data and is process `pid`, not a stranger."""
    with suppress(OSError), socket.create_connection((HOST, port), PING_SECONDS) as connection:
        connection.sendall(b"PING\r\nINFO server\r\nQUIT\r\n")
        reply = b"".join(iter(lambda: connection.recv(4096), b""))
        return reply.startswith(b"+PONG") and f"process_id:{pid}\r\n".encode() in reply
    return False


def _did_not_start(reason: str, folders: Folders) -> ServerDidNotStart:
    return ServerDidNotStart(
        "Valkey",
        reason,
        log=folders.log("valkey"),
        advice="Mend what the log names, or name servers of your own in CQRS_BROKER_URL, "
        "CQRS_RESULT_URL and CQRS_CACHE_URL.",
    )
