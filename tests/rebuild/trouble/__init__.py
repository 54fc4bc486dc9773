"""What child processes of a rebuild suffer from where a test asks for it, by their environment.

The folds themselves stay what they are: to a rebuild, others would be another release.

THINGS_TALKS    it prints something while it is loaded
THINGS_PAUSE    seconds that it takes to fold a thing that is added
THINGS_RULE     things that are added have the totals refreshed within a second
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable, Iterator

from tests.support.things.history import LIST
from tests.support.things.models import ThingAdded
from worker.base.settings import get_settings
from worker.event_log import StoredEvent
from worker.rebuild import part
from worker.subscriptions.projection import Call, Projection, Rows

DEAF = "deaf"
"""A file in CQRS_HOME: whoever folds next takes it away, and hears no time limit any more."""

_fold_all, _calls = Projection.fold_all, Projection.calls


def _be_deaf_once() -> None:
    try:
        (get_settings().home / DEAF).unlink()
    except FileNotFoundError:
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    signal.pause()


def _paced(events: Iterable[StoredEvent], pause: float) -> Iterator[StoredEvent]:
    for event in events:
        if event.type == ThingAdded.type:
            _be_deaf_once()
            time.sleep(pause)
        yield event


def afflict() -> None:
    """Slow down whatever this process rebuilds from now on. Child processes call it."""
    pause = float(os.environ.get("THINGS_PAUSE", "0"))

    def paced(self: Projection, events: Iterable[StoredEvent]) -> Iterable[StoredEvent]:
        return _paced(events, pause) if self.name == LIST else events

    def fold_all(self: Projection, rows: Rows, events: Iterable[StoredEvent]) -> None:
        _fold_all(self, rows, paced(self, events))

    def calls(self: Projection, events: Iterable[StoredEvent]) -> list[Call]:
        return _calls(self, paced(self, events))

    Projection.fold_all = fold_all  # type: ignore[method-assign]
    Projection.calls = calls  # type: ignore[method-assign]
    if pause:
        part.WINDOW = 5
