"""Letters can be posted."""

from __future__ import annotations

from typing import Any

from worker.commands.command import command
from worker.commands.state import State, Work
from worker.contracts import Command


class PostLetter(Command):
    """Post a letter."""

    to: str


@command("letters.post", PostLetter, needs=lambda _: ())
def post_letter(c: PostLetter, state: State, work: Work) -> dict[str, Any]:
    """Post a letter."""
    return {"release": "before", "to": c.to}
