"""Runs the parts of a rebuild: one in this process, several in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeAlias

import orjson

from worker.rebuild.errors import RebuildFailed
from worker.rebuild.part import Share, build
from worker.settings import get_settings

Tell: TypeAlias = Callable[[int, int, int], None]
"""Called with a part, its position, and how many events that was; with part -1 now and then."""
HEARTBEAT = 0.5
"""Seconds without news after which `tell` is called all the same, so that a cancel is noticed."""


def run_parts(shares: Sequence[Share], jobs: int, tell: Tell) -> None:
    """Build parts, `jobs` at a time. Raises RebuildFailed, and what `tell` raises."""
    if jobs == 1 or len(shares) == 1:
        for share in shares:
            build(share, partial(tell, share.part))
        return
    for first in range(0, len(shares), jobs):
        with _children(shares[first : first + jobs]) as news:
            _listen(shares[first : first + jobs], news, tell)


def _listen(shares: Sequence[Share], news: SimpleQueue[tuple[int, Any]], tell: Tell) -> None:
    working = {share.part for share in shares}
    while working:
        try:
            part, what = news.get(timeout=HEARTBEAT)
        except Empty:
            tell(-1, 0, 0)
            continue
        if isinstance(what, dict):
            raise RebuildFailed(shares[0].name, what["error"])
        if what is None:
            working.discard(part)
        else:
            tell(part, *what)


@contextmanager
def _children(shares: Sequence[Share]) -> Iterator[SimpleQueue[tuple[int, Any]]]:
    """A process for each part, and what they say; none is left behind."""
    news: SimpleQueue[tuple[int, Any]] = SimpleQueue()
    with ExitStack() as started:
        for share in shares:
            child = started.enter_context(_start(share))  # waits for its end, at the end
            ear = Thread(target=_hear, args=(child, share.part, news), daemon=True)
            ear.start()
            started.callback(ear.join)
            assert child.stdin is not None
            started.callback(child.stdin.close)  # it ends with that, wherever it is
        yield news


def _start(share: Share) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-m", "worker.rebuild.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    settings = get_settings().model_dump(mode="json", exclude_unset=True)
    assert child.stdin is not None
    child.stdin.write(orjson.dumps({"share": asdict(share), "settings": settings}) + b"\n")
    child.stdin.flush()
    return child


def _hear(child: subprocess.Popen[bytes], part: int, news: SimpleQueue[tuple[int, Any]]) -> None:
    """Pass on what a child says, line by line, and that it ended without a last word."""
    assert child.stdout is not None
    said: Any = []
    for line in child.stdout:
        said = orjson.loads(line)
        news.put((part, said))
    if isinstance(said, list):
        news.put((part, {"error": "a process ended without a word: was it killed?"}))
