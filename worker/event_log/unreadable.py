"""What stands for an event's data that no program can read.

jsonb takes numbers that no other reader does (`1e400`). Who reads the log must not stop there: only
who looks into this one event fails, and so it is that event which is parked.
"""

from __future__ import annotations

from typing import Any, NoReturn

import orjson


class UnreadableData(dict[str, Any]):
    """Raises ValueError, with what is wrong, for whoever looks into it, or writes it down."""

    def __init__(self, why: str) -> None:
        super().__init__({"unreadable": object()})  # what reads it past its methods fails, too
        self.why = why

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise ValueError(f"the event's data cannot be read: {self.why}")

    __getitem__ = __contains__ = __iter__ = __or__ = __ror__ = _refuse
    get = keys = values = items = copy = pop = _refuse


def decoded(text: str | bytes) -> dict[str, Any]:
    """An event's data; or what stands for it."""
    try:
        data: dict[str, Any] = orjson.loads(text)
    except ValueError as error:
        return UnreadableData(str(error))
    return data
