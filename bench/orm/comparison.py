"""Asks each question in each way: first for equal answers, then against the clock."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from bench.orm.questions import LAZY, READ_MODEL, Parameters, Question, Way, plain

AT_LEAST = 0.5
"""Seconds for which a way is asked in a round; a slow one is asked once."""
VERY_SLOW = 10.0
"""Seconds; a way that takes longer is asked in one round only: nothing is learnt by the others."""


@dataclass
class Compared:
    """A question's times: milliseconds of every asking, by way; and the rows of an answer."""

    question: Question
    rows: int
    times: dict[str, list[float]] = field(default_factory=dict)

    def median(self, way: str) -> float:
        """Milliseconds."""
        return statistics.median(self.times[way])

    def ratio(self, way: str) -> float:
        """How many times as long as the read model it takes."""
        return self.median(way) / self.median(READ_MODEL)

    @property
    def holds(self) -> bool:
        """Whether the bar over the lazy ORM is reached."""
        return self.ratio(LAZY) >= self.question.bar


def agree(question: Question) -> int:
    """Ask every way with all parameters; the most rows of an answer. This warms everything up.

    Raises AssertionError, with the first rows that differ.
    """
    most = 0
    for parameters in question.asked_with:
        right = plain(question.ways[READ_MODEL](**parameters))
        most = max(most, len(right))
        for name, way in question.ways.items():
            _same(f"{question.name}, {name}", plain(way(**parameters)), right)
    assert most, f"{question.name}: nothing to compare"
    return most


def _same(where: str, found: Sequence[object], right: Sequence[object]) -> None:
    assert len(found) == len(right), f"{where}: {len(found)} rows, not {len(right)}"
    for one, other in zip(found, right, strict=True):
        assert one == other, f"{where}:\n  {one}\nis not\n  {other}"


def compare(question: Question, rounds: int) -> Compared:
    """Ask all ways in turn, round by round."""
    compared = Compared(question, agree(question), {name: [] for name in question.ways})
    gc.collect()  # what was made before is nobody's burden
    for _ in range(rounds):
        for name, way in question.ways.items():
            taken = compared.times[name]
            if not taken or taken[0] < VERY_SLOW * 1_000:
                taken.extend(_round(way, question.asked_with))
    return compared


def _round(way: Way, asked_with: Sequence[Parameters]) -> list[float]:
    """Milliseconds of each asking, with one set of parameters after the other."""
    taken: list[float] = []
    until = time.perf_counter() + AT_LEAST
    for number in count():
        parameters = asked_with[number % len(asked_with)]
        started = time.perf_counter()
        way(**parameters)
        ended = time.perf_counter()
        taken.append((ended - started) * 1_000)
        if ended >= until:
            break
    return taken
