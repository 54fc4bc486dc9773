"""Asks a domain's rules: what they decide, or their refusal as one of a command."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from models.refusal import Refusal
from worker.errors import Refused

P = ParamSpec("P")
Decided = TypeVar("Decided")


def decide(rule: Callable[P, Decided], *args: P.args, **known: P.kwargs) -> Decided:
    """What a rule decides. Raises Refused where it says no."""
    try:
        return rule(*args, **known)
    except Refusal as no:
        raise Refused(no.sentence, errors=no.errors, **no.facts) from None
