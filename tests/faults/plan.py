"""Which fault comes when: all of it from one seed, so that a failing run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What happens to a running system."""

    WORKER = "a worker is killed with its processes"
    CHILD = "one process of a worker's pool is killed"
    BEAT = "beat is killed"
    STOPPED = "a worker stands still, and goes on"
    BACKENDS = "all connections to the database are terminated"
    POSTGRES = "PostgreSQL is killed, and started again"
    VALKEY = "Valkey is killed, and started again with what it had saved"
    EMPTY_VALKEY = "Valkey is killed, and started again empty"


OFTEN = {
    Fault.WORKER: 5,
    Fault.CHILD: 5,
    Fault.BEAT: 2,
    Fault.STOPPED: 2,
    Fault.BACKENDS: 3,
    Fault.POSTGRES: 2,
    Fault.VALKEY: 2,
    Fault.EMPTY_VALKEY: 1,
}
FIRST, LAST = 2.0, 6.0
"""Seconds between two faults: the least and the most."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault, its second, and a number from which it takes whatever else it chooses."""

    second: float
    fault: Fault
    choice: int


def plan(seed: int, seconds: float) -> Iterator[Planned]:
    """The faults of a run. Every kind comes once before the dice decide, if there is time."""
    chance = random.Random(seed)
    first = list(Fault)
    chance.shuffle(first)
    second = chance.uniform(FIRST, LAST)
    while second < seconds:
        (fault,) = [first.pop()] if first else chance.choices(list(OFTEN), list(OFTEN.values()))
        yield Planned(second, fault, chance.randrange(1_000_000))
        second += chance.uniform(FIRST, LAST)
