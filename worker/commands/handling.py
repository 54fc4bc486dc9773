"""Calls a handler, and tells its own errors from those of the database that its batch is run in.

A handler decides by what was loaded for it. One that asks a server itself all the same (another
database, a read model) may find it away. That is no reason to put its neighbours off: its command
alone is, until that server is there.
"""

from __future__ import annotations

from typing import Any

import psycopg

from worker.base.errors import ServerUnavailable
from worker.commands.decoding import Decoded
from worker.commands.state import State, Work


class AskedItself(Exception):
    """A handler has asked a server itself, in vain: `why` is what it was told."""

    def __init__(self, why: ServerUnavailable | psycopg.Error) -> None:
        super().__init__(str(why))
        self.why = why


def handled(command: Decoded, state: State, work: Work) -> Any:
    """What a command's handler returns. Raises what it raises, and AskedItself."""
    assert command.handler is not None
    try:
        return command.handler(command.command, state, work)
    except (psycopg.Error, ServerUnavailable) as error:
        raise AskedItself(error) from error
