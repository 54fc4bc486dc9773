"""What a domain says and what it is answered: plain values, no Celery, no I/O.

    Command    what somebody wants done, named in the imperative
    Event      what happened, named in the past tense
    Receipt    what became of a command
    Refusal    a rule says no
    Actor      who asks, and as what

A domain's models import this and nothing else of the engine; importing it costs pydantic alone.
"""

from worker.contracts.event_versions import upcaster
from worker.contracts.messages import Command, Event, Message, ReadRow
from worker.contracts.receipt import (
    GUEST_ACTOR,
    SYSTEM_ACTOR,
    Actor,
    Envelope,
    Receipt,
    Status,
    is_receipt,
)
from worker.contracts.refusal import Refusal, RefusalKind
from worker.contracts.values import (
    CENT,
    AsText,
    Code,
    Fraction,
    Money,
    Name,
    Price,
    Quantity,
    Text,
    to_cents,
    uuid7,
)

__all__ = [
    "CENT",
    "GUEST_ACTOR",
    "SYSTEM_ACTOR",
    "Actor",
    "AsText",
    "Code",
    "Command",
    "Envelope",
    "Event",
    "Fraction",
    "Message",
    "Money",
    "Name",
    "Price",
    "Quantity",
    "ReadRow",
    "Receipt",
    "Refusal",
    "RefusalKind",
    "Status",
    "Text",
    "is_receipt",
    "to_cents",
    "upcaster",
    "uuid7",
]
