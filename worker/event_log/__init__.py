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
    stored_types,
    wrong_version,
)
from worker.event_log.versions import NewerEvent, UnreadableEvent, upcast

__all__ = [
    "WRONG_VERSION",
    "Appended",
    "Connection",
    "NewEvent",
    "NewerEvent",
    "StoredEvent",
    "UnreadableEvent",
    "WrongStreamVersion",
    "append",
    "horizon",
    "read",
    "stored_events",
    "stored_types",
    "upcast",
    "wrong_version",
]
