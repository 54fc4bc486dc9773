"""What can be done to things, and the mishaps that tests ask for."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from tests.support.things.models import (
    AddThing,
    BumpThing,
    DropThing,
    ThingAdded,
    ThingBumped,
    ThingDropped,
    things,
)
from worker.base.actor import only
from worker.base.settings import get_settings
from worker.commands.command import command
from worker.commands.load_plan import Load, lock, read
from worker.commands.state import State, Work
from worker.contracts import Refusal

MOST = 100
MENDED = "mended"
"""A file in CQRS_HOME: the release that has mended a bug."""
BEGUN = "begun"
"""A file in CQRS_HOME: one line for each time that a handler began."""


@command("things.add", AddThing, needs=lambda c: (read(things, c.thing_id),), secret=["note"])
def add_thing(c: AddThing, state: State, work: Work) -> dict[str, Any]:
    """Add a thing."""
    if state.get(things, c.thing_id):
        raise Refusal("this thing is there already", thing_id=c.thing_id)
    work.insert(things, {"thing_id": c.thing_id, "price": c.price})
    work.emit(f"thing-{c.thing_id}", ThingAdded(thing_id=c.thing_id, price=c.price))
    return {"thing_id": c.thing_id, "price": c.price}


def _needs_of_bump(c: BumpThing) -> tuple[Load, ...]:
    if c.mishap == "needs raises":
        raise KeyError("a bug of what it needs")
    return (lock(things, c.thing_id),)


@command("things.bump", BumpThing, needs=_needs_of_bump)
def bump_thing(c: BumpThing, state: State, work: Work) -> dict[str, Any]:
    """Add to a thing's number."""
    _mishap(c.mishap)
    thing = state.get(things, c.thing_id)
    if thing is None:
        raise Refusal("no such thing", thing_id=c.thing_id)
    if thing["n"] + c.by > MOST:
        raise Refusal("a thing holds no more", n=thing["n"], by=c.by)
    work.update(things, c.thing_id, n=thing["n"] + c.by)
    work.emit(f"thing-{c.thing_id}", ThingBumped(thing_id=c.thing_id, by=c.by))
    return {"n": 2**64 if c.mishap == "returns a long integer" else thing["n"] + c.by}


@command(
    "things.drop", DropThing, needs=lambda c: (lock(things, c.thing_id),), may_send=only("admin")
)
def drop_thing(c: DropThing, state: State, work: Work) -> None:
    """Remove a thing."""
    if state.get(things, c.thing_id) is None:
        raise Refusal("no such thing", thing_id=c.thing_id)
    work.delete(things, c.thing_id)
    work.emit(f"thing-{c.thing_id}", ThingDropped(thing_id=c.thing_id))


def _mishap(kind: str) -> None:
    if kind == "bug":
        raise KeyError("a bug of the handler")
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "bug until mended" and not (get_settings().home / MENDED).exists():
        raise KeyError("a bug of the handler")
    _once_or_slow(kind, get_settings().home)
    if kind == "stands still":
        signal.pause()  # until the worker's time limit
    if kind == "deaf":
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])  # the soft limit's signal
        signal.pause()


def _once_or_slow(kind: str, home: Path) -> None:
    if kind == "waits until mended":
        with (home / BEGUN).open("a") as file:
            file.write(f"{os.getpid()}\n")
        while not (home / MENDED).exists():
            time.sleep(0.02)
