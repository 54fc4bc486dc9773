"""Who may do and see what: staff everything, a user what is his own, processors documents' states.

A user acts under his id: `acting_as(f"user:{user_id}")`.
"""

from __future__ import annotations

from typing import Any

from models.conversations.commands import CreateUser
from models.conversations.events import Tier
from worker import Actor, only

staff = only("support", "admin")
admins = only("admin")
processors = only("processor", "admin")
engine = only()


def own(actor: Actor, asked: Any) -> bool:
    """Staff; and a user who names himself in what he sends or asks."""
    return staff(actor) or actor.name == f"user:{asked.user_id}"


def registers(actor: Actor, c: CreateUser) -> bool:
    """Anybody, for nothing; a tier that is paid for is given by staff."""
    return c.subscription_tier is Tier.FREE or staff(actor)
