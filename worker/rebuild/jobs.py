"""Runs the parts of a rebuild: one in this process, the others in processes of their own.

A process is started as `python -m worker.rebuild.child`, with its part as JSON on stdin. It answers
on stdout, a line of JSON each: `[position, events]` after every window, at last `null`, or what
ended it: `{"error": …}`; `{"unfinished": …}` if it may be tried again. What a domain prints goes to
stderr. When its parent goes away, stdin ends, and so does the child, at once: what it had not
committed is gone, and whoever resumes the rebuild begins where the part's position says.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO, TypeAlias

import orjson
import psycopg

from worker.base.errors import Transient
from worker.base.registry import load_domains
from worker.base.settings import Settings, get_settings, install
from worker.rebuild.errors import RebuildFailed, RebuildUnfinished
from worker.rebuild.journal import RebuildJournal
from worker.rebuild.part import PartPlan, build
from worker.subscriptions.errors import in_one_line

ProgressCallback: TypeAlias = "Callable[[RebuildProgress], None]"
EVERY = 0.5
"""Seconds between two looks at the progress, at least."""
AFTERWARDS = ("indexing", "following", "comparing", "swapping")
"""States in which the log is folded, but for what comes in meanwhile."""
Tell: TypeAlias = Callable[[int, int, int], None]
"""Called with a part, its position, and how many events that was; with part -1 now and then."""
News: TypeAlias = "SimpleQueue[tuple[int, Any]]"
"""What the children say: a part, and a line of a child, or the error that it stands for."""
HEARTBEAT = 0.5
"""Seconds without news after which `tell` is called all the same, so that a cancel is noticed."""


@dataclass(frozen=True, slots=True)
class RebuildProgress:
    """A rebuild at this moment: positions done of how many, events folded, seconds it takes still.

    `eta` is None while nothing is known, and outside the state `building`.
    """

    name: str
    state: str
    done: int
    total: int
    events: int
    seconds: float
    eta: float | None

    @property
    def share(self) -> float:
        """How much of the log is folded, from 0 to 1."""
        return self.done / self.total if self.total else 1.0

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**asdict(self), "share": round(self.share, 4)}


@dataclass(slots=True)
class ProgressMeter:
    """Counts what the parts do; writes it down and tells it, now and then."""

    journal: RebuildJournal
    callback: ProgressCallback | None
    parts: dict[int, int]
    events: int = 0
    _began: float = field(default_factory=time.monotonic)
    _before: int = 0
    _next: float = 0.0

    def __post_init__(self) -> None:
        self.events = self.journal.events
        self._before = self._done()

    def advance(self, part: int, position: int, events: int) -> None:
        """A part has come to a position. Raises RebuildCancelled."""
        if part >= 0:
            self.parts[part] = position
            self.events += events
        if time.monotonic() >= self._next:
            self.journal.note_progress(self._done(), self.events)
            self.tell()
            self._next = time.monotonic() + EVERY

    def tell(self) -> None:
        """Say how far the rebuild is."""
        if self.callback is None:
            return
        journal, seconds = self.journal, time.monotonic() - self._began
        total = journal.upto
        done = total if journal.state in AFTERWARDS else self._done()
        speed = (done - self._before) / seconds if seconds > 0 else 0
        eta = (total - done) / speed if speed and journal.state == "building" else None
        self.callback(
            RebuildProgress(journal.name, journal.state, done, total, self.events, seconds, eta)
        )

    def _done(self) -> int:
        positions = self.parts.values()
        return sum(positions) // len(positions) if positions else 0


def run_parts(plans: Sequence[PartPlan], jobs: int, tell: Tell) -> None:
    """Build parts, `jobs` at a time.

    Raises RebuildFailed, RebuildUnfinished, and what a fold and what `tell` raise.
    """
    for first in range(0, len(plans), jobs):
        own, *others = plans[first : first + jobs]
        _run_together(own, others, tell)


def _run_together(own: PartPlan, others: Sequence[PartPlan], tell: Tell) -> None:
    working = {plan.part for plan in others}
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
def _children(plans: Sequence[PartPlan]) -> Iterator[News]:
    """A process for each part, and what they say; none is left behind."""
    news: News = SimpleQueue()
    with ExitStack() as started:
        for plan in plans:
            child = started.enter_context(_start(plan))  # waits for its end, at the end
            ear = threading.Thread(target=_hear, args=(child, plan, news), daemon=True)
            ear.start()
            started.callback(ear.join)
            started.callback(_let_go, child)
        yield news


def _start(plan: PartPlan) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        [sys.executable, "-m", "worker.rebuild.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    settings = get_settings().model_dump(mode="json", exclude_unset=True)
    assert child.stdin is not None
    with suppress(BrokenPipeError):  # it is gone already: whoever listens to it will notice
        child.stdin.write(orjson.dumps({"plan": asdict(plan), "settings": settings}) + b"\n")
        child.stdin.flush()
    return child


def _let_go(child: subprocess.Popen[bytes]) -> None:
    """Close its stdin: it ends with that, wherever it is."""
    assert child.stdin is not None
    with suppress(BrokenPipeError):
        child.stdin.close()


def _hear(child: subprocess.Popen[bytes], plan: PartPlan, news: News) -> None:
    """Pass on what a child says, line by line, and that it ended without saying why."""
    assert child.stdout is not None
    said: Any = []
    for line in child.stdout:
        said = orjson.loads(line)
        if isinstance(said, dict):
            said = _error(plan, **said)
        news.put((plan.part, said))
    if isinstance(said, list):
        news.put((plan.part, _error(plan, unfinished="a process of it was killed")))


def _error(plan: PartPlan, error: str = "", unfinished: str = "") -> Exception:
    if unfinished:
        return RebuildUnfinished(plan.name, unfinished, plan.rebuild_id)
    return RebuildFailed(plan.name, error)


# ------------------------------------------------------------------------------ in the child
def child_main() -> None:
    """Build what the first line of stdin says."""
    answers = _own_stdout()
    order = orjson.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    install(Settings(**order["settings"]))
    load_domains()
    try:
        plan = PartPlan(**order["plan"])
        build(plan, lambda position, events: _say(answers, [position, events]))
        _say(answers, None)
    except RebuildUnfinished as unfinished:
        _say(answers, {"unfinished": unfinished.why})
    except (Transient, psycopg.OperationalError) as error:
        _say(answers, {"unfinished": in_one_line(error)})
    except Exception as error:
        _say(answers, {"error": "; ".join([in_one_line(error), *getattr(error, "__notes__", [])])})


def _own_stdout() -> BinaryIO:
    """What the parent reads, for us alone; everybody else's stdout is stderr from now on."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


def _say(answers: BinaryIO, what: Any) -> None:
    answers.write(orjson.dumps(what) + b"\n")
    answers.flush()


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(1)
