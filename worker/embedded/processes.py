"""Processes of the embedded servers: under which account, whether they live, how they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import watchdog

ROOT = 0
POLL_SECONDS = 0.01
INHERITED = ("PATH", "LD_LIBRARY_PATH")


class _Server(subprocess.Popen[bytes]):
    def __del__(self) -> None:
        """Popen warns if its process still runs; ours are meant to outlive us."""


# The servers that this process has started, by pid: they must be reaped, or they stay as zombies.
# A forked child inherits the record but is not their parent.
_children: dict[int, _Server] = {}
os.register_at_fork(after_in_child=_children.clear)


@dataclass(frozen=True)
class Account:
    """The account that the servers run as."""

    uid: int
    gid: int


def server_account() -> Account | None:
    """`nobody` if we are root (PostgreSQL refuses to run as root), else None: as we are."""
    if os.geteuid() != ROOT:
        return None
    import pwd

    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def _identity(account: Account | None) -> dict[str, Any]:
    if account is None:
        return {}
    return {"user": account.uid, "group": account.gid, "extra_groups": []}


def _environment() -> dict[str, str]:
    """Only what a server needs: ours holds secrets, and names such as PGPORT change servers."""
    kept = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return kept | {"LC_ALL": "C"}


def spawn(argv: Sequence[str | Path], *, log: Path, account: Account | None) -> int:
    """Start a server in a session of its own, its output going to a fresh `log`; the pid."""
    with log.open("wb") as output:
        process = _Server(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=_environment(),
            start_new_session=True,
            **_identity(account),
        )
    _children[process.pid] = process
    watchdog.watch_server(process.pid, log.parent)
    return process.pid


def run(argv: Sequence[str | Path], *, log: Path, account: Account | None) -> bool:
    """Run a program to its end with its output in a fresh `log`; True if it succeeded."""
    pid = spawn(argv, log=log, account=account)
    return _children.pop(pid).wait() == 0


def can_run(program: Path, account: Account | None) -> bool:
    """True if the account can reach and execute `program`."""
    try:
        done = subprocess.run(
            [program, "--version"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            check=False,
            **_identity(account),
        )
    except OSError:
        return False
    return done.returncode == 0


def lives(pid: int, marker: Path) -> bool:
    """True if process `pid` runs and its command line names `marker`.

    A pid alone proves nothing: after a reboot or a crash another process may bear it. Only that
    of our own child, not reaped yet, is certain, and its command line need not be there yet.
    """
    child = _children.get(pid)
    if child is None:
        return os.fsencode(marker) in _arguments(pid)
    if child.poll() is None:
        return True
    del _children[pid]
    return False


def _arguments(pid: int) -> list[bytes] | bytes:
    """The command line; empty for a zombie and for no process at all."""
    if sys.platform == "linux":
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        return []
    else:  # noqa: RET505 - mypy checks the branch of its own platform only
        ps = ["/bin/ps", "-ww", "-o", "args=", "-p", str(pid)]
        return subprocess.run(ps, capture_output=True, check=False).stdout


def end(pid: int, marker: Path, steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn, waiting its seconds, until the process is gone."""
    for number, seconds in steps:
        if not lives(pid, marker):
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(lambda: not lives(pid, marker), seconds):
            return


@contextmanager
def ended_on_error(
    pid: int, marker: Path, steps: Sequence[tuple[signal.Signals, float]]
) -> Iterator[None]:
    """End the process if the block fails or is interrupted, before anyone has noted its pid."""
    try:
        yield
    except BaseException:
        end(pid, marker, steps)
        raise


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until `condition()` holds, at most `seconds`; whether it does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
