"""Statements that may take longer than a task may: the server finishes them without us.

While it works on a statement, PostgreSQL does not look whether its client is still there. One that
was sent as a whole is finished and committed whether the client waits, gives up or is killed. So an
index is asked for in a thread, which waits for the answer. When time is up the rebuild leaves, and
the next slice asks for the same index again: it queues up behind the first, by an advisory lock,
and finds the index there. Thus an index may take hours, and a task no longer than its limit.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from worker.base import db
from worker.rebuild.sessions import unlimited

HEARTBEAT = 0.5
"""Seconds between two looks at the time, and at whether the rebuild was cancelled."""


def alone(statement: str, look: Callable[[], None]) -> None:
    """Have a statement done; `look` is called twice a second meanwhile, and leaves by raising.

    The statement is then the server's own affair. Raises what it raises.
    """
    asked = _Asked(statement)
    asked.start()
    asked.join(HEARTBEAT)
    while asked.is_alive():
        look()
        asked.join(HEARTBEAT)
    if asked.error is not None:
        raise asked.error


class _Asked(Thread):
    """Waits for the answer to one statement, with a connection of its own."""

    def __init__(self, statement: str) -> None:
        super().__init__(name="cqrs rebuild", daemon=True)  # does not keep its process alive
        self.statement = statement
        self.error: Exception | None = None

    def run(self) -> None:
        """Ask. Several statements in one text cannot be prepared, so none is."""
        try:
            with db.owner() as connection, unlimited(connection):
                connection.execute(self.statement, prepare=False)
        except Exception as error:  # its place is in the thread that waits, if it still does
            self.error = error
