"""What waits in a queue of the broker, for tests in which no worker runs."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, NamedTuple

from worker.base.app import app


class Sent(NamedTuple):
    """A message: its task, its arguments, and what Celery keeps for after it."""

    task: str
    args: list[Any]
    embed: dict[str, Any]

    @property
    def chain(self) -> list[str]:
        """The tasks of the chain behind it, in the order in which they follow."""
        return [link["task"] for link in reversed(self.embed["chain"] or ())]


def sent(queue: str) -> list[Sent]:
    """Take every message out of a queue."""
    found = []
    with (
        app.connection_for_read() as connection,
        connection.SimpleQueue(queue) as waiting,
        suppress(waiting.Empty),
    ):
        while message := waiting.get_nowait():
            message.ack()
            args, _, embed = message.payload
            found.append(Sent(message.headers["task"], args, embed))
    return found
