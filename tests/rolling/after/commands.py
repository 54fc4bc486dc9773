"""Letters can be posted, registered too, and sealed."""

from __future__ import annotations

from typing import Any

from worker.commands.command import command
from worker.commands.state import State, Work
from worker.contracts import Command


class PostLetter(Command):
    """Post a letter."""

    to: str
    registered: bool | None = None


class SealLetter(Command):
    """Seal a letter."""

    wax: str


@command("letters.post", PostLetter, needs=lambda _: ())
def post_letter(c: PostLetter, state: State, work: Work) -> dict[str, Any]:
    """Post a letter."""
    return {"release": "after", "to": c.to, "registered": c.registered}


@command("letters.seal", SealLetter, needs=lambda _: ())
def seal_letter(c: SealLetter, state: State, work: Work) -> dict[str, Any]:
    """Seal a letter."""
    return {"release": "after", "wax": c.wax}
