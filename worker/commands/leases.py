"""Leases: a claimed command belongs to the process that runs it, for as long as that runs.

    claimed (due_at ahead, attempt counted) ─▶ held ─ every third of a lease ─▶ due_at ahead again
                                                │ done ─▶ let go: its row is gone, or put off
                                                └ the process dies ─▶ nobody renews: the lease ends

So an attempt ends by itself only when its holder is gone, and nobody runs a command twice at a
time, however long it takes. One thread in each process renews all that the process holds, with one
short statement on a connection of its own: a pooler in transaction mode may stand between.

- The database is away: the renewal is tried again. If it is away for longer than a lease, others
  may take the command; the receipt decides who was first.
- A process that is stopped, or holds Python's lock for longer than a lease, may lose it likewise.
  Who comes back renews nothing that was taken meanwhile: each attempt has its number.
- A lease of a row that somebody has locked is not renewed: it is being settled.
- A forked child holds nothing, and has a thread of its own when it needs one.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from uuid import UUID

from worker.base import db, forks
from worker.base.logs import get_logger
from worker.base.settings import get_settings
from worker.commands import SQL

log = get_logger(__name__)

Leases = Mapping[UUID, int]
"""What a process holds: the number of its attempt by command."""
RENEWALS = 3
"""How often a lease is renewed before it would end."""


class LeaseKeeper:
    """Renews what this process holds."""

    def __init__(self) -> None:
        self._held: dict[UUID, int] = {}
        self._lock = threading.Lock()
        threading.Thread(target=self._keep, name="cqrs leases", daemon=True).start()

    @contextmanager
    def holding(self, leases: Leases) -> Iterator[None]:
        """Keep these leases from ending during the block."""
        with self._lock:
            self._held.update(leases)
        try:
            yield
        finally:
            with self._lock:
                for command_id in leases:
                    self._held.pop(command_id, None)

    def renew(self) -> int:
        """Renew what is held; how much was. Raises psycopg.Error, ServerUnavailable."""
        with self._lock:
            held = dict(self._held)
        if not held:
            return 0
        lease = {
            "ids": list(held),
            "attempts": list(held.values()),
            "seconds": get_settings().lease,
        }
        with db.writer() as connection:
            return connection.execute(SQL["renew_leases"], lease).rowcount

    def _keep(self) -> None:
        while True:
            time.sleep(get_settings().lease / RENEWALS)
            try:
                self.renew()
            except Exception as error:  # the next time may be better; without it the leases end
                log.warning("leases not renewed", reason=str(error))


_keeper: LeaseKeeper | None = None
_starting: dict[str, threading.Lock] = {}


def holding(leases: Leases) -> AbstractContextManager[None]:
    """Keep these leases from ending during the block."""
    return _keeper_here().holding(leases)


def _keeper_here() -> LeaseKeeper:
    global _keeper
    with _starting.setdefault("lock", threading.Lock()):
        if _keeper is None:
            forks.in_child(forget)
            _keeper = LeaseKeeper()
        return _keeper


def forget() -> None:
    """In a forked child: the parent's leases are the parent's, and its thread is not here."""
    global _keeper, _starting
    _keeper, _starting = None, {}
