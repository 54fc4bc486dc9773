"""A Redis broker without room: the worker keeps what it cannot note there.

Redis has no acknowledgements; kombu makes them: it takes a message off its queue, and then notes it
as taken, so that it comes back if its worker dies. A server that is full gives messages away and
refuses notes: kombu's worker loses the message, and ends. And a message that is given back is not
taken by a full server either: kombu forgets that it has it.

    taken, no room for the note    kept in memory, run as always, noted as soon as there is room
    given back, no room for it     kept, and given back as soon as there is room

What is kept in memory alone is lost if the process dies meanwhile; `.enqueue()` loses nothing. The
channels that keep so are those of worker/base/intake/channel.py.
"""

# mypy: allow-untyped-calls
# kombu has types for some of its methods.
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import redis.exceptions
from kombu.asynchronous import get_event_loop
from kombu.transport import redis as kombu_redis
from kombu.transport import virtual

from worker.base.logs import get_logger

log = get_logger(__name__)

LOOK_AGAIN = 0.5
"""Seconds until it is tried again whether there is room."""


class KeepingQoS(kombu_redis.QoS):
    """kombu's notes of what is taken, on a server that may be full."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._unnoted: set[str] = set()
        self._together: list[str] | None = None

    def append(self, message: Any, delivery_tag: str) -> None:
        """Note a message as taken."""
        try:
            super().append(message, delivery_tag)
        except redis.exceptions.ResponseError as error:
            log.warning("the broker has no room: a message is kept in memory", reason=str(error))
            self._unnoted.add(delivery_tag)
            virtual.QoS.append(self, message, delivery_tag)
            _later(self._note, delivery_tag)

    def ack(self, delivery_tag: str) -> None:
        """A message is done."""
        self._unnoted.discard(delivery_tag)
        if self._together is None:
            super().ack(delivery_tag)
        else:
            virtual.QoS.ack(self, delivery_tag)
            self._together.append(delivery_tag)

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is acknowledged in this block is told to the server at its end, by one call.

        If it cannot be told, those messages come back, as each alone would.
        """
        self._together = []
        try:
            yield
        finally:
            tags, self._together = self._together, None
            if tags:
                with self.pipe_or_acquire() as pipe:
                    pipe.zrem(self.unacked_index_key, *tags).hdel(self.unacked_key, *tags).execute()

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """A message is given back, or done."""
        if not requeue:
            self._unnoted.discard(delivery_tag)
            super().reject(delivery_tag, requeue=False)
            return
        try:
            self._give_back(delivery_tag)
        except redis.exceptions.ResponseError:
            _later(self.reject, delivery_tag, True)
        else:
            virtual.QoS.ack(self, delivery_tag)

    def restore_unacked(self, client: Any = None) -> None:
        """Give back, at the end, what is not done.

        A connection that broke while it was closed is closed again by Celery's consumer, and knows
        no server then: kombu would end the worker there. What was taken comes back in time.
        """
        if self.channel.connection.client is None:
            log.warning("the broker went away: what was taken comes back after its time-out")
            return
        for delivery_tag in self._unnoted.intersection(self._delivered):
            self._give_back(delivery_tag)
        super().restore_unacked(client)

    def _give_back(self, delivery_tag: str) -> None:
        if delivery_tag not in self._unnoted:
            self.restore_by_tag(delivery_tag, leftmost=True)
            return
        with self.pipe_or_acquire() as pipe:
            message = self._delivered[delivery_tag]
            exchange, key = _where(message)
            self.channel._do_restore_message(message._raw, exchange, key, pipe, leftmost=True)
            pipe.execute()
        self._unnoted.discard(delivery_tag)

    def _note(self, delivery_tag: str) -> None:
        if delivery_tag not in self._unnoted:
            return  # done meanwhile
        try:
            super().append(self._delivered[delivery_tag], delivery_tag)
            self._unnoted.discard(delivery_tag)
        except redis.exceptions.ResponseError:
            _later(self._note, delivery_tag)


def _where(message: Any) -> tuple[str, str]:
    return message.delivery_info["exchange"], message.delivery_info["routing_key"]


def _later(call: Callable[..., None], *args: Any) -> None:
    """Call soon, in the worker's own loop."""
    loop = get_event_loop()
    if loop is not None:
        loop.call_later(LOOK_AGAIN, call, *args)


def acknowledge(messages: Sequence[Any], errors: tuple[type[Exception], ...]) -> None:
    """Acknowledge messages of one channel, by one call where the broker is a Redis.

    `errors` of the connection are logged: what could not be told comes back.
    """
    qos = getattr(messages[0].channel, "qos", None)
    try:
        with qos.together() if isinstance(qos, KeepingQoS) else nullcontext():
            for message in messages:
                message.ack_log_error(log, errors)
    except errors as error:
        log.critical("could not acknowledge", messages=len(messages), reason=str(error))
