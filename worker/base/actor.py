"""Who sends: the actor of the commands and queries that a piece of code issues.

    with acting_as("user:42", roles=["clerk"]):
        create_order.delay(...)

    a block of `acting_as`                      that actor
    none, in a process of ours                  `system`: `cqrs`, a worker, beat, `worker.testing`
    none, in an application's process           `system`; with CQRS_DENY_BY_DEFAULT `guest`, so that
                                                a view that forgot `acting_as` has no rights
    a message that names nobody                 `guest`: whoever reaches the broker sent it
    what follows a command in its chain         whoever sent that command

The actor travels in the message's headers. The broker is the boundary of trust: who may publish
may name any actor, so an application names the one that it has authenticated.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from worker.base.rights import anyone as anyone
from worker.base.rights import only as only
from worker.base.settings import get_settings
from worker.contracts import GUEST_ACTOR, Actor


@dataclass(frozen=True, slots=True)
class _Unseen:
    """An actor that nobody is to look at; `why` makes the error for who does."""

    actor: Actor
    why: Callable[[], Exception]


_actor: ContextVar[Actor | _Unseen | None] = ContextVar("cqrs_actor", default=None)
_SYSTEM = Actor()
GUEST = Actor(GUEST_ACTOR, frozenset())
"""Whoever sent a message that names nobody."""
_ours = False


@contextmanager
def acting_as(name: str, *, roles: Iterable[str] = ()) -> Iterator[Actor]:
    """Send commands and ask queries as this actor, in this context (thread or coroutine)."""
    actor = Actor(name, frozenset(roles))
    token = _actor.set(actor)
    try:
        yield actor
    finally:
        _actor.reset(token)


def current_actor() -> Actor:
    """The actor of this context: the one of `acting_as`, or else that of this process.

    Raises UndeclaredInput within a query whose answers are kept for everybody.
    """
    actor = _actor.get() or _own()
    if isinstance(actor, _Unseen):
        raise actor.why()
    return actor


def acting() -> Actor:
    """The same for the engine's own account of who asks, which is in nobody's answer."""
    actor = _actor.get() or _own()
    return actor.actor if isinstance(actor, _Unseen) else actor


@contextmanager
def without_actor(why: Callable[[], Exception]) -> Iterator[None]:
    """In here, `current_actor()` raises what `why` makes."""
    before = _actor.set(_Unseen(acting(), why))
    try:
        yield
    finally:
        _actor.reset(before)


def _own() -> Actor:
    """The actor of this process."""
    return _SYSTEM if _ours or not get_settings().deny_by_default else GUEST


def this_process_is_ours() -> None:
    """Say that the engine runs this process, not an application: what it does, `system` does."""
    global _ours
    _ours = True


def operator() -> str:
    """The user of this process, for the record of what is done by hand.

    In a container that runs as a number (`user: 1000`) there may be no name to it.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def to_header(actor: Actor) -> dict[str, Any]:
    """An actor as it travels."""
    return {"name": actor.name, "roles": sorted(actor.roles)}


def from_header(header: Mapping[str, Any] | None) -> Actor:
    """The actor that a message names; a message that names none comes from a guest."""
    if not header:
        return GUEST
    roles = map(str, header.get("roles") or ())
    return Actor(str(header.get("name") or GUEST_ACTOR), frozenset(roles))
