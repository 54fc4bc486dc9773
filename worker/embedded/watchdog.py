"""A process that waits for our death and then ends what we have started.

    we start --a pipe--> watchdog, in a session of its own
    we tell it of homes and process groups: a line each
    all was ended by ourselves: we dismiss it, and it ends
    we die, of SIGKILL too: the pipe closes. It ends the groups (SIGTERM, then SIGKILL), stops or
    removes the homes, and ends

What this promises: servers of a watched home and the process groups named do not outlive us,
however we end. On failure: a watchdog that is killed itself protects nobody; nothing else is lost.
Whoever starts servers and does not ask for it keeps servers that outlive it, as before.

This file is also the watchdog's own program, run by itself: it imports nothing of ours before it
has something to do, since every run of the tests and of `cqrs up` waits for it to start.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

SERVERS_SECONDS = 120.0
"""Most time for stopping the servers of a home, seconds."""
END_HOME = """
import sys
sys.path[:] = sys.argv[3:]
from pathlib import Path
from worker import embedded
getattr(embedded, sys.argv[1])(Path(sys.argv[2]))
"""


class _Client:
    """Our end of the pipe."""

    def __init__(self, held: Iterable[int]) -> None:
        self.users = 0
        self.homes: set[str] = set()
        self._process = _Watchdog(
            [sys.executable, "-I", __file__, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            pass_fds=list(held),
            start_new_session=True,
        )

    def tell(self, **said: Any) -> None:
        """Send a line; a watchdog that is gone is not worth an error."""
        with suppress(BrokenPipeError):
            self._pipe.write(json.dumps(said).encode() + b"\n")
            self._pipe.flush()

    def dismiss(self) -> None:
        """Let it end, and wait until it has: it holds what we gave it to hold."""
        self.tell(dismissed=True)
        self.let_go()
        self._process.wait()

    def let_go(self) -> None:
        """Close our end."""
        with suppress(BrokenPipeError):
            self._pipe.close()

    @property
    def _pipe(self) -> IO[bytes]:
        assert self._process.stdin is not None
        return self._process.stdin


class _Watchdog(subprocess.Popen[bytes]):
    def __del__(self) -> None:
        """Popen warns if its process still runs; this one is meant to outlive us."""


_client: _Client | None = None


@contextmanager
def watching(
    home: Path | None, *, remove: bool = False, held: Iterable[int] = ()
) -> Iterator[None]:
    """Should this process end in here, however it does, the servers of `home` are stopped.

    `remove` deletes their data too; None: groups alone are watched. `held`: descriptors that stay
    open until all is done, such as a lock's. Leaving by an exception, servers may still run: then
    the watchdog stays until the process ends, and looks.
    """
    global _client
    client = _client = _client or _Client(held)
    client.users += 1
    if home is not None:
        client.tell(home=_name(home), verb="remove" if remove else "stop")
        client.homes.add(_name(home))
    yield
    client.users -= 1
    if home is not None:
        client.tell(home=_name(home), verb=None)
        client.homes.discard(_name(home))
    if not client.users:
        client.dismiss()
        _client = None


def watch_group(pid: int, *, grace: float = 0.0) -> None:
    """End the process group of `pid` too: SIGTERM, and SIGKILL after `grace` seconds.

    0: SIGKILL at once. Without `watching` nothing happens.
    """
    if _client is not None:
        _client.tell(group=pid, grace=grace)


def watch_server(pid: int, home: Path) -> None:
    """A server of `home` was started, which may not have written down its id yet."""
    if _client is not None and _name(home) in _client.homes:
        _client.tell(server=pid)


def _name(home: Path) -> str:
    return str(home.resolve())


def _forget_in_child() -> None:
    """A fork of ours must not keep the pipe open: the watchdog would not see our end."""
    global _client
    if _client is not None:
        _client.let_go()
        _client = None


os.register_at_fork(after_in_child=_forget_in_child)


# The watchdog's own side


class _Left:
    """What is still to be ended, as far as we were told."""

    def __init__(self) -> None:
        self.homes: dict[str, str] = {}
        self.groups: dict[int, tuple[str, float]] = {}
        self.servers: dict[int, str] = {}

    def hear(self, said: dict[str, Any]) -> None:
        """Take a line in."""
        if "home" in said:
            self.homes.pop(said["home"], None)
            if said["verb"]:
                self.homes[said["home"]] = said["verb"]
        elif "group" in said:
            self.groups[said["group"]] = _born(said["group"]), said["grace"]
        else:
            self.servers[said["server"]] = _born(said["server"])

    def end(self, path: list[str]) -> None:
        """End all of it: those who use the servers first."""
        _end_groups(self.groups)
        for home, verb in self.homes.items():
            _end_home(home, verb, path)
        for pid, born in self.servers.items():
            if _same(pid, born):
                _signal(pid, signal.SIGKILL)


def _watch(lines: Iterable[bytes], path: list[str]) -> None:
    """Listen until the other end is gone, then end what it has left."""
    left = _Left()
    for line in lines:
        said = json.loads(line)
        if "dismissed" in said:
            return
        left.hear(said)
    left.end(path)


def _end_groups(groups: dict[int, tuple[str, float]]) -> None:
    """Each is asked first, if it has any grace to expect, and killed after that."""
    alive = {pid: grace for pid, (born, grace) in groups.items() if _same(pid, born)}
    deadlines = {pid: time.monotonic() + grace for pid, grace in alive.items()}
    for pid, grace in alive.items():
        _signal(pid, signal.SIGTERM if grace else signal.SIGKILL)
    for pid, deadline in deadlines.items():
        while _same(pid, groups[pid][0]) and time.monotonic() < deadline:
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _end_home(home: str, verb: str, path: list[str]) -> None:
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(
            [sys.executable, "-c", END_HOME, verb, home, *path],
            check=False,
            timeout=SERVERS_SECONDS,
        )


def _signal(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _same(pid: int, born: str) -> bool:
    """Whether the process still runs: its id may have become another's."""
    return born != "" and _born(pid) == born


def _born(pid: int) -> str:
    """When a process began; empty for none, and for one that has ended."""
    if sys.platform == "linux":
        with suppress(OSError):
            state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            return "" if state in "ZX" else fields[18]
        return ""
    else:  # noqa: RET505 - mypy checks the branch of its own platform only
        ps = ["/bin/ps", "-o", "lstart=", "-p", str(pid)]
        return subprocess.run(ps, capture_output=True, check=False, text=True).stdout.strip()


if __name__ == "__main__":
    _watch(sys.stdin.buffer, sys.argv[1:])
