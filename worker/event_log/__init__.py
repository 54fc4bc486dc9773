"""The event log and its fence, and who reads it."""

from worker.event_log.log import (
    WRONG_VERSION,
    Appended,
    Connection,
    NewEvent,
    StoredEvent,
    WrongStreamVersion,
    append,
    horizon,
    read,
    stored_events,
    wrong_version,
)

__all__ = [
    "WRONG_VERSION",
    "Appended",
    "Connection",
    "NewEvent",
    "StoredEvent",
    "WrongStreamVersion",
    "append",
    "horizon",
    "read",
    "stored_events",
    "wrong_version",
]
