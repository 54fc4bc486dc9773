"""The servers and workers around us: who answers, in which version, what waits in the queues."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg
import redis
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError

from worker.base.app import QUEUES, app
from worker.base.db import psycopg_url, safe_url
from worker.base.settings import get_settings
from worker.commands.decoding import commands
from worker.commands.event_task import event_tasks

ENGINE_TASKS = frozenset({"cqrs.drain", "cqrs.project", "cqrs.sweep"})
"""Tasks that every worker of ours knows, whatever its domains."""


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """A server: where it is (without password), and its product and version, or its problem."""

    name: str
    url: str
    version: str | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    """A worker that answered, the queues of ours that it takes from, and what is wrong with that.

    Another app's worker on our broker is one too, if it takes from a queue of ours.
    """

    name: str
    queues: Sequence[str]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """A queue, and the messages that wait in it; None if the broker does not say."""

    name: str
    length: int | None


def servers() -> list[ServerStatus]:
    """Every server of the settings, answers for its version."""
    urls = get_settings().servers
    answers = [
        _ask("database", urls.database, _postgres),
        _ask("broker", urls.broker, _broker),
        _ask("results", urls.result, _broker),
        _ask("cache", urls.cache, _redis),
    ]
    if urls.query_database != urls.database:
        answers.insert(1, _ask("query database", urls.query_database, _postgres))
    return answers


def workers(timeout: float) -> list[WorkerStatus]:
    """The workers on our queues that answer within `timeout` seconds."""
    try:
        answers = app.control.inspect(timeout=timeout).active_queues() or {}
        taken = {
            name: sorted({queue["name"] for queue in queues}.intersection(QUEUES))
            for name, queues in sorted(answers.items())
        }
        ours = [name for name, queues in taken.items() if queues]
        known = _known_tasks(ours, timeout)
    except (BrokerError, redis.RedisError, OSError):
        return []
    return [
        WorkerStatus(name, taken[name], _problem(taken[name], known.get(name))) for name in ours
    ]


def _known_tasks(names: Sequence[str], timeout: float) -> dict[str, set[str]]:
    if not names:
        return {}
    inspect = app.control.inspect(names, timeout=timeout, limit=len(names))
    answers = inspect.registered() or {}
    return {name: {task.partition(" ")[0] for task in tasks} for name, tasks in answers.items()}


def _problem(queues: Sequence[str], known: set[str] | None) -> str | None:
    """Why a worker throws away messages of our queues; None if it knows all that come there."""
    if known is None:
        return None  # it has ended meanwhile
    needed = {task.name for task in (*commands, *event_tasks)} | ENGINE_TASKS
    if not (unknown := sorted(needed - known)):
        return None
    if ENGINE_TASKS.isdisjoint(known):
        return (
            "is another app's worker: it throws away what it takes from our queues. Take"
            f" {', '.join(queues)} from its `-Q`, and run `celery -A worker worker` beside it"
        )
    more = f" and {len(unknown) - 1} more" if len(unknown) > 1 else ""
    return (
        f"does not know {unknown[0]}{more}, and throws those away:"
        " give it the code and the CQRS_DOMAINS of this shell, and start it anew"
    )


def queues() -> list[QueueStatus]:
    """How many messages wait in each queue, those that a worker has taken not counted."""
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, timeout=get_settings().connect_timeout)
            return [QueueStatus(name, _length(connection, name)) for name in QUEUES]
    except (BrokerError, redis.RedisError, OSError):
        return [QueueStatus(name, None) for name in QUEUES]


def _length(connection: Connection, queue: str) -> int:
    with connection.channel() as channel:
        try:
            return int(channel.queue_declare(queue, passive=True).message_count)
        except connection.channel_errors:
            return 0  # an empty queue of Redis does not exist


def _ask(name: str, url: str, version: Callable[[str], str]) -> ServerStatus:
    try:
        return ServerStatus(name, safe_url(url), version(url))
    except (psycopg.Error, redis.RedisError, BrokerError, OSError) as error:
        return ServerStatus(name, safe_url(url), None, " ".join(str(error).split()))


def _postgres(url: str) -> str:
    seconds = get_settings().connect_timeout
    with psycopg.connect(psycopg_url(url), connect_timeout=seconds) as connection:
        return f"PostgreSQL {connection.info.parameter_status('server_version')}"


def _broker(url: str) -> str:
    if url.startswith(("redis", "valkey")):
        return _redis(url)
    with Connection(url) as connection:
        connection.ensure_connection(max_retries=1, timeout=get_settings().connect_timeout)
        told = getattr(connection.connection, "server_properties", {})
        return f"{told.get('product', connection.transport.driver_type)} {told.get('version', '')}"


def _redis(url: str) -> str:
    seconds = get_settings().connect_timeout
    with redis.Redis.from_url(
        url, socket_connect_timeout=seconds, socket_timeout=seconds
    ) as client:
        told = client.info("server")
    product = str(told.get("server_name", "redis")).capitalize()
    return f"{product} {told.get(f'{product.lower()}_version', told['redis_version'])}"
