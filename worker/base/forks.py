"""What a forked child has to forget: connections, locks and threads are the parent's.

    parent   uses a connection ─▶ `in_child(forget)`: from now on forks are heard of
      │ fork (gunicorn --preload, multiprocessing, a pool of ours)
      ├─▶ child    forgets, and opens connections of its own when it needs them
      └─▶ parent   goes on with those that it has

A child that went on with a connection of its parent's would read the other's answers.

- Importing the engine hears of no fork: the first use does.
- Nothing is closed in the child: a goodbye would travel on the socket that the parent still uses.
  So what was inherited is kept until the child ends, lest a finalizer says it.
- What a thread of the parent's was in the middle of is lost in the child, as everything of a thread
  is. A transaction that was open at the fork is the parent's alone.
- Python's own locks, around an import or a lazy attribute that another thread is at for the first
  time just then, are beyond us: fork after the first use, or before any thread.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from worker.base.logs import get_logger

log = get_logger(__name__)

_forgetters: list[Callable[[], None]] = []
_inherited: list[object] = []
_listening = False


def in_child(forget: Callable[[], None]) -> None:
    """Have each child that is forked from now on call this first. Asked twice, it is called once.

    `forget` takes no lock and speaks to no server.
    """
    global _listening
    if forget not in _forgetters:
        _forgetters.append(forget)
    if not _listening:
        _listening = True
        os.register_at_fork(after_in_child=_run)


def keep(*inherited: object) -> None:
    """Keep what a child has inherited from being closed by the collector."""
    _inherited.extend(inherited)


def _run() -> None:
    for forget in _forgetters:
        try:
            forget()
        except Exception:  # one that fails keeps nobody else from forgetting
            log.exception("a forked child could not forget", what=forget.__qualname__)
