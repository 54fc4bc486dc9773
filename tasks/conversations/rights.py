"""Who may do and see what: staff everything, a user what is his own, processors documents' states.

A user acts under his id: `acting_as(f"user:{user_id}")`.
"""

from __future__ import annotations

from typing import Any

from worker import Actor, only

staff = only("support", "admin")
admins = only("admin")
processors = only("processor", "admin")
engine = only()


def own(actor: Actor, asked: Any) -> bool:
    """Staff; and a user who names himself in what he sends or asks."""
    return staff(actor) or actor.name == f"user:{asked.user_id}"
