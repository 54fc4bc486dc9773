"""The servers around us: who answers, in which version, what waits in the queues."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias

import psycopg
import redis
from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError

from worker.base import db
from worker.base.app import QUEUES, app
from worker.base.errors import BadSettings, Permanent, ServerUnavailable
from worker.base.settings import ServerUrls, get_settings
from worker.base.sql import statement
from worker.base.urls import safe_url


class RedisCluster(Permanent):
    """A node of a Redis Cluster stands where a server of its own is needed."""

    def __init__(self, server: str, address: str) -> None:
        super().__init__(
            "a Redis Cluster cannot be used, since Celery and the engine touch several keys in one"
            f" step: name a server that is not in cluster mode ({server} at {address})"
        )
        self.server, self.address = server, address


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """A server: where it is (without password), and its product and version, or its problem."""

    name: str
    url: str
    version: str | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """A queue, and the messages that wait in it; None if the broker does not say."""

    name: str
    length: int | None


def servers() -> list[ServerStatus]:
    """Every server of the settings, answers for its version."""
    return [_status(*server) for server in _all(get_settings().servers)]


def demand() -> None:
    """Raise ServerUnavailable or RedisCluster for the first server that cannot be worked with, or
    BadSettings for pools that it has no room for."""
    for name, url, version in _all(get_settings().servers):
        try:
            version(name, url)
        except _AWAY as error:
            advice = "Start it, or name another in the settings."
            raise ServerUnavailable(name, safe_url(url), _reason(error), advice) from None
    require_room()


def refuse_clusters() -> None:
    """Raise RedisCluster if a server is a node of one; one that does not answer may come yet."""
    for name, url, version in _all(get_settings().servers):
        if version is not _postgres:
            with suppress(*_AWAY):
                version(name, url)


def require_room() -> None:
    """Raise BadSettings if one pool may grow beyond what PostgreSQL gives anybody.

    A server that does not answer may come yet: its own error says so then.
    """
    settings = get_settings()
    wanted = settings.pool_size + settings.pool_overflow
    with suppress(*_AWAY, ServerUnavailable), db.visit(settings.servers.database) as connection:
        most, reserved = connection.execute(statement("worker.ops", "room")).fetchall()[0]
        if wanted > most - reserved:
            raise BadSettings(
                f"CQRS_POOL_SIZE + CQRS_POOL_OVERFLOW must be at most {most - reserved} (are"
                f" {settings.pool_size} + {settings.pool_overflow}): PostgreSQL has max_connections"
                f" = {most}, {reserved} of them reserved, for all processes together"
            )


_Version: TypeAlias = Callable[[str, str], str]
"""Asks a server (its name, its URL) for its product and version."""


def _all(urls: ServerUrls) -> Iterator[tuple[str, str, _Version]]:
    yield "database", urls.database, _postgres
    if urls.query_database != urls.database:
        yield "query database", urls.query_database, _postgres
    yield "broker", urls.broker, _broker
    yield "results", urls.result, _broker
    yield "cache", urls.cache, _redis


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


_AWAY = (psycopg.Error, redis.RedisError, BrokerError, OSError)


def _status(name: str, url: str, version: _Version) -> ServerStatus:
    try:
        return ServerStatus(name, safe_url(url), version(name, url))
    except (*_AWAY, RedisCluster) as error:
        return ServerStatus(name, safe_url(url), None, _reason(error))


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())


def _postgres(name: str, url: str) -> str:
    with db.visit(url, any_host=name == "query database") as connection:
        return f"PostgreSQL {connection.info.parameter_status('server_version')}"


def _broker(name: str, url: str) -> str:
    if url.startswith(("redis", "valkey")):
        return _redis(name, url)
    with Connection(url) as connection:
        connection.ensure_connection(max_retries=1, timeout=get_settings().connect_timeout)
        told = getattr(connection.connection, "server_properties", {})
        return f"{told.get('product', connection.transport.driver_type)} {told.get('version', '')}"


def _redis(name: str, url: str) -> str:
    seconds = get_settings().connect_timeout
    with redis.Redis.from_url(
        url, socket_connect_timeout=seconds, socket_timeout=seconds
    ) as client:
        told = client.info("server")
    if told.get("redis_mode", told.get("server_mode")) == "cluster":
        raise RedisCluster(name, safe_url(url))
    product = str(told.get("server_name", "redis")).capitalize()
    return f"{product} {told.get(f'{product.lower()}_version', told['redis_version'])}"
