"""One watcher for all who wait for receipts in a process: threads and coroutines alike.

    watch ─▶ in the result backend already ──────────────────────▶ given
       └─▶ subscribed ─┬─ its result is published ───────────────▶ given
                       ├─ in PostgreSQL by the next look ────────▶ given
                       └─ nobody waits any more ─▶ unsubscribed

The result backend answers at once, while it has the result; PostgreSQL answers always: a lost
result loses no receipt. One thread listens to the one and looks into the other, for everybody in
one statement. It lives while somebody waits, and a little longer. So a thousand waits cost one
thread, one connection that listens, and one look each half second.

    the result backend is away       the looks go on; it is asked again from time to time
    PostgreSQL is away               what is published is heard; whoever's time ends looks for
                                     himself, and is told what is away
    a task failed without a receipt  who waits is told, and looks for himself (command_result.py)
    a wait is given up, cancelled    nothing of it is left: neither future nor subscription
    something else goes wrong        it is logged, and the thread goes on: many wait for it
    the process is forked            the child has a watcher of its own, without those who wait here
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import psycopg
from celery import states

from worker.base import db, forks
from worker.base.app import app
from worker.base.errors import CqrsError
from worker.base.logs import get_logger
from worker.commands import receipts
from worker.commands.errors import CommandDead, CommandIdReused
from worker.contracts import Receipt, is_receipt

log = get_logger(__name__)

LOOK_EVERY = 0.5
"""Seconds between two looks into PostgreSQL while the result backend is silent."""
LOOK_OFTEN = 0.05
"""The same for a command whose receipt must come any moment, or whose backend cannot tell; and how
often the thread sees whose time it is."""
LINGERS = 1.0
"""Seconds that the thread stays although nobody waits: most who wait once wait again."""


class TaskFailed(Exception):
    """A command's task has come to an end without a receipt of its own: `error` says how."""

    def __init__(self, result: Any) -> None:
        super().__init__(str(result))
        self.error = result if isinstance(result, Exception) else CqrsError(str(result))


def uuid_of(command_id: str) -> UUID:
    """The id of a command, as PostgreSQL has it. Raises ValueError for one that is no UUID."""
    try:
        return UUID(command_id)
    except ValueError:
        raise ValueError(f"the id of a command is a UUID (id {command_id!r})") from None


class Awaited:
    """A command that is waited for. To Celery's consumer of results it is one of the results."""

    def __init__(self, command_id: str) -> None:
        self.id = command_id
        self.command_id = uuid_of(command_id)
        self.futures: list[Future[Receipt]] = []
        self.look_every = LOOK_EVERY
        self.look_at = time.monotonic() + self.look_every
        self.subscribed = False

    def _maybe_set_cache(self, meta: Any) -> None:
        """Celery's consumer hands over what was published."""
        if meta and meta["status"] in states.READY_STATES:
            self.take(meta["result"])

    def take(self, result: Any) -> None:
        """Give a result to those who wait, if it says what became of the command."""
        if is_receipt(result):
            self.give(Receipt.from_json(result))
        elif isinstance(result, CommandDead) and str(result.receipt.command_id) == self.id:
            self.give(result.receipt)
        elif isinstance(result, CommandIdReused):
            self.fail(result)
        else:
            self.fail(TaskFailed(result))

    def give(self, receipt: Receipt) -> None:
        """Give the receipt to all who wait."""
        for future in list(self.futures):
            with suppress(InvalidStateError):  # cancelled meanwhile
                future.set_result(receipt)

    def fail(self, error: Exception) -> None:
        """Tell all who wait that there is no receipt for them."""
        for future in list(self.futures):
            with suppress(InvalidStateError):
                future.set_exception(error)

    @property
    def settled(self) -> bool:
        """Whether nobody waits for it any more."""
        return all(future.done() for future in self.futures)


class ReceiptWatcher:
    """See the head of this module."""

    def __init__(self) -> None:
        self._awaited: dict[str, Awaited] = {}
        self._gone: list[Awaited] = []
        self._saw = 0.0
        self._changed = threading.Condition()
        self._running = False

    def __len__(self) -> int:
        """How many commands are waited for."""
        return len(self._awaited)

    @contextmanager
    def waiting(self, command_id: str) -> Iterator[Future[Receipt]]:
        """A future of the receipt, for as long as the block lasts."""
        future: Future[Receipt] = Future()
        try:
            self.watch(command_id, future)
            yield future
        finally:
            self.forget(command_id, future)

    def watch(self, command_id: str, future: Future[Receipt]) -> None:
        """Have this future given the receipt. Asks the result backend once, so it may block.

        Raises ValueError for an id that is no UUID.
        """
        forks.in_child(_forget)
        with self._changed:
            if future.cancelled():
                return
            awaited = self._awaited.setdefault(command_id, Awaited(command_id))
            awaited.futures.append(future)
        self._subscribe(awaited)
        if not future.done():
            self._wake_thread()

    def forget(self, command_id: str, future: Future[Receipt]) -> None:
        """Wait no longer. Blocks for nothing, and may be called for what is not watched yet."""
        future.cancel()
        with self._changed:
            awaited = self._awaited.get(command_id)
            if awaited is None or future not in awaited.futures:
                return
            awaited.futures.remove(future)
            if awaited.futures:
                return
            del self._awaited[command_id]
            if awaited.subscribed:
                self._gone.append(awaited)
        if awaited.subscribed:
            with suppress(RuntimeError):  # no thread begins when the interpreter ends
                self._wake_thread()  # to unsubscribe: that may take its time

    # ------------------------------------------------------------------ the result backend
    def _subscribe(self, awaited: Awaited) -> None:
        """Listen first, then ask: what is published between the two is heard."""
        try:
            backend = app.backend
            if backend.is_async:
                backend.add_pending_result(awaited)
            else:
                awaited.look_every = LOOK_OFTEN
            awaited.subscribed = True
            if not awaited.settled:
                awaited._maybe_set_cache(backend.get_task_meta(awaited.id))
        except Exception as error:  # whatever it is made of: PostgreSQL is looked into all the same
            _say_unheard(error)
        if awaited.settled:  # at once, or given up meanwhile
            self._unsubscribe(awaited)

    @staticmethod
    def _unsubscribe(awaited: Awaited) -> None:
        awaited.subscribed = False
        with suppress(Exception):  # a backend that is away has forgotten us
            if app.backend.is_async:
                app.backend.remove_pending_result(awaited)

    def _listen(self, seconds: float) -> None:
        """Hear of results for so long; without a backend that tells of them, wait."""
        try:
            if app.backend.is_async and self._listens():
                app.backend.result_consumer.drain_events(timeout=seconds)
                return
        except TimeoutError:
            return
        except Exception as error:
            _say_unheard(error)
        with self._changed:
            self._changed.wait(seconds)

    def _listens(self) -> bool:
        with self._changed:
            return any(awaited.subscribed for awaited in self._awaited.values())

    # ------------------------------------------------------------------ the thread
    def _run(self) -> None:
        while self._has_work():
            try:
                self._clear()
                self._listen(LOOK_OFTEN)
                self._look()
            except Exception:  # of one command, or of a moment: everybody else waits on
                log.exception("receipts could not be looked for")

    def _has_work(self) -> bool:
        """Whether to go on; says no, and is over, when nobody has waited for a while."""
        with self._changed:
            work = self._changed.wait_for(lambda: self._awaited or self._gone, LINGERS)
            self._running = bool(work)
            return self._running

    def _wake_thread(self) -> None:
        """See that the thread runs, and knows that there is something to do."""
        with self._changed:
            if not self._running:  # a thread that does not start is not one that runs
                threading.Thread(target=self._run, name="cqrs-receipts", daemon=True).start()
                self._running = True
            self._changed.notify_all()

    def _clear(self) -> None:
        """Unsubscribe from what nobody waits for any more."""
        with self._changed:
            gone, self._gone = self._gone, []
        for awaited in gone:
            self._unsubscribe(awaited)

    def _look(self) -> None:
        """Look into PostgreSQL for all whose time it is, at once."""
        now = time.monotonic()
        if now < self._saw + LOOK_OFTEN:
            return
        self._saw = now
        with self._changed:
            due = {a.command_id: a for a in self._awaited.values() if a.look_at <= now}
        if not due:
            return
        for awaited in due.values():
            awaited.look_at = now + awaited.look_every
            if not awaited.subscribed:
                self._subscribe(awaited)
        try:
            found = db.read("sender", lambda connection: receipts.find(connection, list(due)))
        except (CqrsError, psycopg.Error) as error:
            log.warning("receipts cannot be looked for now", reason=" ".join(str(error).split()))
            return
        for command_id, receipt in found.items():
            if receipt.status.final:
                due[command_id].give(receipt)


def _say_unheard(error: Exception) -> None:
    log.warning("results are not heard of for now", reason=" ".join(str(error).split()))


watcher = ReceiptWatcher()


def _forget() -> None:
    """In a forked child: the thread is the parent's, and so are those who wait."""
    global watcher
    watcher = ReceiptWatcher()
