"""Rights: who may send a command, and who may ask a query.

    may_send=only("clerk")                          by role
    may_send=anyone                                 said, so that it is meant
    may_send=lambda actor, c: ...                   by the payload: his own data only
    may_send=lambda actor, c, state: ...            by what `needs` has loaded: his own order only
    may_ask=lambda actor, p: ...                    by the parameters

A right is a function that says yes or no; it is given as much as it has parameters. What declares
none is everybody's, or, with CQRS_DENY_BY_DEFAULT, the system's alone. A no is an answer: a
command's is its `rejected` receipt, a query's the error NotAllowed and a row of the query audit.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from worker.base.settings import get_settings
from worker.contracts import SYSTEM_ACTOR, Actor

Right: TypeAlias = Callable[..., object]
"""Takes (actor), (actor, payload) or (actor, payload, state); true is yes."""


def anyone(actor: Actor) -> bool:
    """Permission for all."""
    return True


def only(*roles: str) -> Callable[[Actor], bool]:
    """Permission for actors with one of these roles, and for the system itself."""
    allowed = {*roles, SYSTEM_ACTOR}

    def may_send(actor: Actor) -> bool:
        return not allowed.isdisjoint(actor.roles)

    may_send.__doc__ = f"Permission for {', '.join(roles)}."
    return may_send


@lru_cache(maxsize=4_096)
def looks_at(right: Right) -> int:
    """How many values a right wants. Raises TypeError for one that cannot be called so."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(right).parameters.values()
    any_number = any(p.kind is p.VAR_POSITIONAL for p in parameters)
    needed = [p for p in parameters if p.kind in kinds and p.default is p.empty]
    named = [p for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if named or not (needed or any_number):
        raise TypeError(f"a right takes an actor first, and no more by name (is {right!r})")
    return max(1, len(needed))


def as_declared(option: str, name: str, right: Right | None, most: int) -> Right | None:
    """A right as it is declared. Raises TypeError for one that wants more than there is."""
    if right is not None and looks_at(right) > most:
        given = "(actor), (actor, payload) or (actor, payload, state)"
        given = given if most > 2 else "(actor) or (actor, parameters)"
        raise TypeError(f"`{option}` takes {given} ({name}: {right!r})")
    return right


def allows(right: Right | None, actor: Actor, *seen: object) -> bool | None:
    """Whether a right says yes to an actor who gives this; None if it has to see more than that."""
    if right is None:
        return not get_settings().deny_by_default or SYSTEM_ACTOR in actor.roles
    wanted = looks_at(right) - 1
    return bool(right(actor, *seen[:wanted])) if wanted <= len(seen) else None


def why_not(option: str, right: Right | None) -> str:
    """What a refusal adds where nothing was declared: else nobody would look there."""
    if right is not None:
        return ""
    return f": it declares no `{option}=`, and CQRS_DENY_BY_DEFAULT is on"
