"""An outage does not fill the logs: what is said over and over is said a few times, then counted.

    first BURST lines of one kind in WINDOW seconds    as they are
    the rest of them                                   counted
    the next one after that                            as it is, and how many were left out

A kind is a logger, a level and a message before anything is put into it: ids, addresses and numbers
make no other kind. Only warnings and worse are counted; progress is what somebody asked to see.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Hashable
from dataclasses import dataclass

BURST = 5
"""Lines of one kind that are let through in one window."""
WINDOW = 60.0
"""Seconds."""
MOST_KINDS = 1_000
"""Kinds that are remembered; beyond, all are forgotten: too many lines beat too much memory."""


@dataclass(slots=True)
class _Count:
    since: float
    lines: int = 0


class LogLimit(logging.Filter):
    """A handler's filter; see the head of this module."""

    def __init__(self) -> None:
        super().__init__()
        self._kinds: dict[Hashable, _Count] = {}
        self._lock = threading.Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this line is let through."""
        if record.levelno < logging.WARNING:
            return True
        kind, now = _kind(record), time.monotonic()
        with self._lock:
            count = self._kinds.get(kind)
            left_out = 0
            if count is None or now - count.since >= WINDOW:
                left_out = max(0, count.lines - BURST) if count else 0
                count = self._begin(kind, now)
            count.lines += 1
        if left_out:
            _add(record, left_out)
        return count.lines <= BURST

    def _begin(self, kind: Hashable, now: float) -> _Count:
        if len(self._kinds) >= MOST_KINDS:
            self._kinds.clear()
        count = self._kinds[kind] = _Count(now)
        return count


def _kind(record: logging.LogRecord) -> Hashable:
    """structlog's own lines are dicts until they are written, with the message as `event`."""
    said = record.msg.get("event") if isinstance(record.msg, dict) else record.msg
    return record.name, record.levelno, str(said)


def _add(record: logging.LogRecord, left_out: int) -> None:
    if isinstance(record.msg, dict):
        record.msg = record.msg | {"left_out": left_out}
    else:
        record.msg = f"{record.getMessage()} ({left_out} more like it were left out)"
        record.args = None
