"""`python -m tests.mutants`: plants each bug in a copy of the tree; a test must fail."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue
from typing import TypeVar

from tests.mutants.plants import Plant, faults, load
from tests.mutants.running import Copy, Ran, Verdict, copied

ENOUGH = 0.95
"""The share of plants that has to be killed."""
T = TypeVar("T")
R = TypeVar("R")


def main() -> int:
    """Returns the exit code: 0 if all fit and enough are killed."""
    asked = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: what runs is stopped
    plants = [one for one in load() if not asked.only or asked.only in (one.name, one.area)]
    if not plants:
        print(f"no plant and no area is called {asked.only!r}")
        return 2
    wrong = faults(plants)
    for fault in wrong:
        print(fault)
    if asked.check:
        print(f"{len(plants)} plants, {len(wrong)} faults")
        return 1 if wrong else 0
    if asked.baseline:
        return baseline(plants, asked.jobs)
    counted = [one for one in plants if not one.equivalent]
    verdicts = in_copies(counted, Copy.judge, asked.jobs, _say)
    _table(verdicts, [one for one in plants if one.equivalent])
    return 0 if not wrong and _good(verdicts) else 1


def baseline(plants: Sequence[Plant], jobs: int) -> int:
    """Run the tests without any plant: one that fails already proves nothing."""
    sets = list(dict.fromkeys(one.tests for one in plants if one.tests))

    def say(tests: tuple[str, ...], ran: Ran) -> None:
        word = "passes" if ran.failed is False else "FAILS"
        print(f"{word:12} {ran.seconds:5.0f} s  {' '.join(tests)}  {ran.why}", flush=True)

    ended = in_copies(sets, Copy.run, jobs, say)
    return 0 if all(one.failed is False for one in ended) else 1


def in_copies(
    items: Sequence[T], act: Callable[[Copy, T], R], jobs: int, say: Callable[[T, R], None]
) -> list[R]:
    """Do something with each item, in as many copies of the tree at once as there are jobs."""
    free: SimpleQueue[Copy] = SimpleQueue()
    made: list[Copy] = []

    def one(item: T) -> R:
        copy = free.get()
        try:
            result = act(copy, item)
        finally:
            free.put(copy)
        say(item, result)
        return result

    with ExitStack() as copies, ThreadPoolExecutor(jobs) as pool:
        for _ in range(jobs):
            made.append(copies.enter_context(copied()))
            free.put(made[-1])
        try:
            return list(pool.map(one, items))
        except BaseException:  # Ctrl-C: what runs is stopped, what waits is not begun
            pool.shutdown(wait=False, cancel_futures=True)
            for copy in made:
                copy.interrupt()
            raise


def _say(plant: Plant, verdict: Verdict) -> None:
    print(f"{verdict.word:12} {verdict.seconds:5.0f} s  {plant.name}  {verdict.why}", flush=True)
    if verdict.word == "survived":
        print(f"{'':22}{plant.promise}", flush=True)


def _good(verdicts: Sequence[Verdict]) -> bool:
    words = [verdict.word for verdict in verdicts]
    fit = not {"does-not-fit", "broken"} & set(words)
    return fit and words.count("killed") >= ENOUGH * len(words)


def _table(verdicts: Sequence[Verdict], equivalent: Sequence[Plant]) -> None:
    by_area: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_area.setdefault(verdict.plant.area, []).append(verdict)
    print(f"\n{'area':20} {'plants':>7} {'killed':>7}       ")
    for area, those in [*by_area.items(), ("all", list(verdicts))]:
        killed = sum(one.word == "killed" for one in those)
        share = 100 * killed / len(those) if those else 100.0
        print(f"{area:20} {len(those):7} {killed:7} {share:5.1f} %")
    for plant in equivalent:
        print(f"not counted: {plant.name} ({plant.equivalent})")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--only", metavar="NAME|AREA", help="one plant, or one file of them")
    parser.add_argument("--jobs", type=int, default=2, help="copies of the tree at once")
    parser.add_argument("--check", action="store_true", help="say only whether every plant fits")
    parser.add_argument("--baseline", action="store_true", help="run the tests without plants")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
