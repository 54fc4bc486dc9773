"""Runs the parts of a rebuild: one in this process, the others in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeAlias

import orjson

from worker.base.settings import get_settings
from worker.rebuild.errors import RebuildFailed, RebuildUnfinished
from worker.rebuild.part import Share, build

Tell: TypeAlias = Callable[[int, int, int], None]
"""Called with a part, its position, and how many events that was; with part -1 now and then."""
News: TypeAlias = "SimpleQueue[tuple[int, Any]]"
"""What the children say: a part, and a line of child.py, or the error that it stands for."""
HEARTBEAT = 0.5
"""Seconds without news after which `tell` is called all the same, so that a cancel is noticed."""


def run_parts(shares: Sequence[Share], jobs: int, tell: Tell) -> None:
    """Build parts, `jobs` at a time.

    Raises RebuildFailed, RebuildUnfinished, and what a fold and what `tell` raise.
    """
    for first in range(0, len(shares), jobs):
        own, *others = shares[first : first + jobs]
        _run_together(own, others, tell)


def _run_together(own: Share, others: Sequence[Share], tell: Tell) -> None:
    working = {share.part for share in others}
    with _children(others) as news:

        def tell_all(position: int, events: int) -> None:
            tell(own.part, position, events)
            while _listen(working, news, tell, wait=0):
                pass

        build(own, tell_all)
        while working:
            _listen(working, news, tell, wait=HEARTBEAT)


def _listen(working: set[int], news: News, tell: Tell, wait: float) -> bool:
    """Pass on what one of the children says; False if none says anything within this time."""
    try:
        part, said = news.get(timeout=wait) if wait else news.get_nowait()
    except Empty:
        tell(-1, 0, 0)
        return False
    if isinstance(said, RebuildFailed | RebuildUnfinished):
        raise said
    if said is None:
        working.discard(part)
    else:
        tell(part, *said)
    return True


@contextmanager
def _children(shares: Sequence[Share]) -> Iterator[News]:
    """A process for each part, and what they say; none is left behind."""
    news: News = SimpleQueue()
    with ExitStack() as started:
        for share in shares:
            child = started.enter_context(_start(share))  # waits for its end, at the end
            ear = Thread(target=_hear, args=(child, share, news), daemon=True)
            ear.start()
            started.callback(ear.join)
            started.callback(_let_go, child)
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
    with suppress(BrokenPipeError):  # it is gone already: whoever listens to it will notice
        child.stdin.write(orjson.dumps({"share": asdict(share), "settings": settings}) + b"\n")
        child.stdin.flush()
    return child


def _let_go(child: subprocess.Popen[bytes]) -> None:
    """Close its stdin: it ends with that, wherever it is."""
    assert child.stdin is not None
    with suppress(BrokenPipeError):
        child.stdin.close()


def _hear(child: subprocess.Popen[bytes], share: Share, news: News) -> None:
    """Pass on what a child says, line by line, and that it ended without a last word."""
    assert child.stdout is not None
    said: Any = []
    for line in child.stdout:
        said = orjson.loads(line)
        if isinstance(said, dict):
            said = _error(share, **said)
        news.put((share.part, said))
    if isinstance(said, list):
        news.put((share.part, _error(share, unfinished="a process of it was killed")))


def _error(share: Share, error: str = "", unfinished: str = "") -> Exception:
    if unfinished:
        return RebuildUnfinished(share.name, unfinished, share.rebuild_id)
    return RebuildFailed(share.name, error)
