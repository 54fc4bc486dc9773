"""The main process of a worker: requests that wait, and those that are on their way together.

There is one event loop and no thread, so nothing here is done twice at a time. The semaphore is
Celery's own: it counts idle processes for all tasks of the worker, and who asks it first is served
first. One request to it stands for all commands that wait.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from weakref import ref

from celery.worker import state

from worker.base.full_broker import acknowledge
from worker.base.logs import get_logger
from worker.base.settings import get_settings
from worker.commands.call_arguments import HEADER
from worker.commands.riding.companions import LONGEST, how_many, is_untroubled, rides_along
from worker.commands.riding.pace import Pace
from worker.commands.riding.pool_side import Arrival, Passenger, run_together

log = get_logger(__name__)
Limits = tuple[float | None, float | None]
"""Seconds until a task is told to stop, and until it is killed."""


class Rider(NamedTuple):
    """A request, and since when it waits, by the monotonic clock."""

    request: Any
    since: float


class WaitingRoom:
    """What waits in a worker for an idle process. Made once for each consumer."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer
        self._pool = consumer.pool
        self._semaphore = consumer.controller.semaphore
        self._riders: deque[Rider] = deque()
        self._asked = False
        self._watched = False
        self.pace = Pace()

    def __len__(self) -> int:
        return len(self._riders)

    def take(self, request: Any) -> bool:
        """Let a request wait for its turn; False: it has to go alone."""
        headers = request.request_dict
        spec = request.task.spec
        if not (spec.batch and is_untroubled(headers) and rides_along(headers.get(HEADER))):
            return False
        self._riders.append(Rider(request, time.monotonic()))
        self._watch()
        self._ask()
        return True

    def leave(self) -> None:
        """The worker ends, or has lost its connection: nothing waits here any more.

        Their messages are given back when the channel closes, as all that is not acknowledged. Not
        now: what this worker has asked the broker for meanwhile would take them again, and whoever
        killed it then would lose them.
        """
        self._riders.clear()
        self._asked = self._watched = False  # Celery has emptied the semaphore's queue

    # ------------------------------------------------------------------------- on their way
    def _ask(self) -> None:
        """Ask for an idle process, unless that was done: it may come at once."""
        if self._riders and not self._asked:
            self._asked = True
            self._semaphore.acquire(self._go)

    def _go(self) -> None:
        """A process is idle, and ours."""
        self._asked = False
        requests = [] if _ends() else self._next()
        if not requests:
            self._semaphore.release()
            return
        if len(requests) == 1:
            _Alone(self, requests[0]).go()
        else:
            _Together(self, requests).go()
        self._ask()

    def _next(self) -> list[Any]:
        self._discard()
        names = [rider.request.task.name for rider in self._riders]
        count = how_many(names, self._semaphore.value, get_settings().batch_size, self.pace)
        requests: list[Any] = []
        while self._riders and len(requests) < count:
            request = self._riders[0].request
            if requests and _limits(request) != _limits(requests[0]):
                break
            requests.append(self._riders.popleft().request)
        return requests

    def _discard(self) -> None:
        """Those that were revoked, or have expired, since they wait: Celery ends them."""
        if any(map(_may_be_revoked, self._riders)):
            kept = [r for r in self._riders if not (_may_be_revoked(r) and r.request.revoked())]
            self._riders = deque(kept)

    def wait_again(self, requests: Iterable[Any]) -> None:
        """Put requests back in front, in their order: their batch has not begun them."""
        if _ends():
            return  # they are given back with all that is not acknowledged
        now = time.monotonic()
        again = [Rider(_idle(request), now) for request in requests]
        self._riders.extendleft(reversed(again))
        self._watch()
        self._ask()

    def go_alone(self, requests: Iterable[Any]) -> None:
        """Run requests by themselves, on Celery's own way: one of them is perhaps a killer."""
        if _ends():
            return
        for request in requests:
            self._consumer.on_task_request(_idle(request))

    # ------------------------------------------------------------------------- given back
    def _watch(self) -> None:
        """Look, now and then while somebody waits, who has waited too long."""
        if not self._watched:
            self._watched = True
            self._consumer.timer.call_after(_longest_wait() / 4, self._look)

    def _look(self) -> None:
        self._watched = False
        oldest = time.monotonic() - _longest_wait()
        late = [rider for rider in self._riders if rider.since <= oldest]
        if late:
            self._riders = deque(rider for rider in self._riders if rider.since > oldest)
            log.info("commands given back that have waited long", commands=len(late))
        for rider in late:
            _give_back(rider.request)
        if self._riders:
            self._watch()


class _Alone:
    """A request by itself, on Celery's own way; it is seen how long it takes."""

    def __init__(self, room: WaitingRoom, request: Any) -> None:
        self._room, self._request = room, request

    def go(self) -> None:
        """Send it to the pool, whose process was asked for."""
        self._room._consumer.controller._process_task(self)

    def execute_using_pool(self, pool: Any) -> Any:
        """As Celery calls it on a request."""
        succeeded: Callable[..., Any] = self._request.on_success

        def on_success(answer: Any, **more: Any) -> Any:
            if (seconds := answer[2]) is not None:  # it has come to something
                self._room.pace.note(self._request.task.name, seconds)
            return succeeded(answer, **more)

        self._request.on_success = on_success
        return self._request.execute_using_pool(pool)


class _Together:
    """Requests that are run as one batch."""

    def __init__(self, room: WaitingRoom, requests: list[Any]) -> None:
        self._room, self._requests = room, requests

    def go(self) -> None:
        """Send them to the pool, whose process was asked for."""
        soft, hard = (limit and limit + LONGEST for limit in _limits(self._requests[0]))
        passengers = [_passenger(request) for request in self._requests]
        result = self._room._pool.apply_async(
            run_together,
            args=(passengers, (soft or hard or 2 * LONGEST) / 2),
            accept_callback=self._accepted,
            timeout_callback=self._timed_out,
            callback=self._arrived,
            error_callback=self._failed,
            soft_timeout=soft,
            timeout=hard,
            correlation_id=self._requests[0].id,
        )
        for request in self._requests:
            request._apply_result = result and ref(result)

    def _accepted(self, pid: int, at: float) -> None:
        for request in self._requests:
            request.on_accepted(pid, at)

    def _timed_out(self, soft: bool, timeout: float) -> None:
        kind = "soft" if soft else "hard"
        log.warning("a batch passed its time limit", limit=kind, commands=len(self._requests))

    def _arrived(self, arrival: Arrival) -> None:
        for name, seconds in arrival.longest.items():
            self._room.pace.note(name, seconds)
        pairs = list(zip(self._requests, arrival.answers, strict=True))
        self._tell_all([(request, answer) for request, answer in pairs if answer is not None])
        left = [one for one, answer in pairs if answer is None and _is_ours(one)]
        if arrival.apart:
            self._room.go_alone(left)
        elif left:
            self._room.wait_again(left)

    def _tell_all(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        """Each request hears its own answer; what they acknowledge, they do by one call."""
        done: list[Any] = []
        for request, answer in pairs:
            request._on_ack = lambda *_, request=request: done.append(request.message)
            _tell(request, answer)
        if done:
            consumer = self._room._consumer
            consumer.call_soon_ack(acknowledge, done, consumer.connection_errors)

    def _failed(self, info: Any) -> None:
        """The process died, or was killed, or could not answer: nobody knows by whom."""
        left = [request for request in self._requests if _is_ours(request)]
        log.warning("a batch was lost: its commands go alone", commands=len(left), reason=str(info))
        self._room.go_alone(left)


def _tell(request: Any, answer: Any) -> None:
    try:
        request.on_success(answer)
    except Exception as error:  # it stays unacknowledged and comes again; the others go on
        log.error("a command's answer could not be taken", id=request.id, exc_info=error)


def _is_ours(request: Any) -> bool:
    """Whether nobody else has ended it meanwhile: terminated, or cancelled with its connection."""
    return not (request._already_revoked or request._already_cancelled or request.acknowledged)


def _ends() -> bool:
    """Whether the worker is on its way out."""
    return any(flag not in (None, False) for flag in (state.should_stop, state.should_terminate))


def _idle(request: Any) -> Any:
    """A request that is not under way any more: reserved, as before it was."""
    state.active_requests.discard(request)
    request.time_start = request.worker_pid = request._apply_result = None
    return request


def _give_back(request: Any) -> None:
    state.task_ready(request)
    request.reject(requeue=True)


def _may_be_revoked(rider: Rider) -> bool:
    request = rider.request
    return bool(request.expires or request.stamped_headers or request.id in state.revoked)


def _limits(request: Any) -> Limits:
    return request.task.soft_time_limit, request.task.time_limit


def _longest_wait() -> float:
    return get_settings().visibility_timeout / 2


def _passenger(request: Any) -> Passenger:
    return Passenger(
        request.type,
        request.id,
        request.request_dict,
        request.body,
        request.content_type,
        request.content_encoding,
    )
