"""An application that asks its release's queries in a loop, until its input ends.

Writes down every answer: `[as_of, parcels, weight, delivered]`, or what went wrong, a line each.
"""

from __future__ import annotations

import json
import sys
import threading
from importlib import import_module

from worker.base.registry import load_domains
from worker.base.settings import get_settings

PAUSE = 0.005
"""Seconds between two questions: the commands are to have the machine."""


def main() -> None:
    """Ask until the input ends."""
    load_domains()
    release = import_module(get_settings().domains[0])
    over = threading.Event()
    threading.Thread(target=_wait_for_the_end, args=(over,), daemon=True).start()
    while not over.wait(PAUSE):
        try:
            answer = release.tally.ask()
            (seen,) = answer.data
            release.heaviest.ask()
            line: object = [answer.as_of, seen.parcels, seen.weight, seen.delivered]
        except Exception as error:
            line = f"{type(error).__name__}: {error}"
        print(json.dumps(line), flush=True)


def _wait_for_the_end(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


if __name__ == "__main__":
    main()
