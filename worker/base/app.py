"""The Celery app. `celery -A worker worker|beat|flower` finds it; commands hang themselves on it.

Delivery is at least once: late acknowledgement, prefetch 1, and a lost worker's messages come back
after `visibility_timeout`, which is above every time limit, so that a task that still runs is never
delivered a second time. That the effect is exactly once is not the broker's business but that of
receipts and checkpoints in PostgreSQL.
"""

from __future__ import annotations

import threading
import warnings
from contextlib import nullcontext
from functools import cached_property
from typing import Any

from celery import Celery, signals
from celery.exceptions import AlwaysEagerIgnored
from kombu import Exchange, Queue, pools

from worker.base import db, forks, wake_ups
from worker.base.celery_internals import EngineResult, EngineTask, result_backend
from worker.base.settings import Settings, get_settings

QUEUES = ("commands", "projections", "reactions", "maintenance")


def route(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **_: Any) -> Any:
    """A group of subscriptions that is named like a queue runs there: reactions on `reactions`."""
    if name == "cqrs.project" and args and args[0] in QUEUES:
        return {"queue": args[0]}
    return None


ROUTES = {
    "cqrs.project": {"queue": "projections"},
    "cqrs.invalidate": {"queue": "projections"},
    "cqrs.react*": {"queue": "reactions"},
    "cqrs.sweep": {"queue": "maintenance"},
    "cqrs.refresh*": {"queue": "maintenance"},
    "cqrs.maintenance.*": {"queue": "maintenance"},
    "schema.*": {"queue": "maintenance"},
}
"""Where the engine's own tasks go; everything else is a command."""


def transport_options(settings: Settings) -> dict[str, Any]:
    """The broker's options: Redis asks for the visibility timeout in each place it is used."""
    return {
        "visibility_timeout": settings.visibility_timeout,
        # Keys of our own: on one Redis with another app, we would bring back what that one is
        # working on as soon as it is older than our visibility timeout, and have it run twice.
        "unacked_key": "cqrs.unacked",
        "unacked_index_key": "cqrs.unacked_index",
        "unacked_mutex_key": "cqrs.unacked_mutex",
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": settings.connect_timeout,
        "socket_keepalive": True,
    }


def is_redis(url: str) -> bool:
    """Whether the broker at this address is a Redis or Valkey, by itself or behind Sentinel."""
    return url.startswith(("redis", "valkey", "sentinel"))


def configuration(settings: Settings) -> dict[str, Any]:
    """Celery's configuration, made of our settings. It names no server: see `CqrsCelery`."""
    redis = is_redis(settings.broker_url or "redis:")
    options = transport_options(settings)
    return _beat(settings) | {
        "broker_transport_options": options if redis else {},
        "result_backend_transport_options": options
        | {"retry_policy": {"timeout": settings.connect_timeout}},
        "visibility_timeout": settings.visibility_timeout,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_pool_acquire_timeout": settings.connect_timeout,
        "broker_connection_timeout": settings.connect_timeout,
        "task_publish_retry_policy": {
            "max_retries": 1,
            "interval_start": 0.05,
            "interval_max": 0.5,
        },
        "redis_socket_connect_timeout": settings.connect_timeout,
        "redis_socket_timeout": settings.connect_timeout,
        "redis_socket_keepalive": True,
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "timezone": "UTC",
        "task_queues": [Queue(name, Exchange(name), routing_key=name) for name in QUEUES],
        "task_default_queue": "commands",
        "task_create_missing_queues": False,
        "task_routes": (route, ROUTES),
        "task_acks_late": True,
        "task_retry_on_worker_lost": True,
        "task_reject_on_worker_lost": True,
        "task_track_started": False,
        "task_time_limit": settings.task_time_limit,
        "task_soft_time_limit": settings.task_soft_time_limit,
        "task_send_sent_event": True,
        "task_always_eager": False,
        "worker_consumer": "worker.base.intake.consumer:Consumer",
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": True,
        "worker_max_tasks_per_child": 20_000,
        "worker_max_memory_per_child": 512_000,
        "worker_soft_shutdown_timeout": 10.0,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "result_expires": settings.result_expires,
        # One backend, and one connection that listens, for all threads of a process.
        "result_backend_thread_safe": True,
        "beat_max_loop_interval": settings.sweep_interval,
    }


def _beat(settings: Settings) -> dict[str, Any]:
    """Where the schedule is kept: a file, or Redis where several beats share it."""
    if not settings.redbeat:
        return {
            "beat_scheduler": "worker.base.beat:FileScheduler",
            "beat_schedule_filename": str(settings.home / "beat-schedule"),
        }
    return {
        "beat_scheduler": "worker.base.shared_beat:SharedScheduler",
        "redbeat_redis_url": settings.servers.cache,
        # Keys of our own: beside another app's redbeat we would wait for its lock, and drop from
        # Redis what only its schedule has.
        "redbeat_key_prefix": "cqrs:redbeat:",
        "redbeat_lock_timeout": 30,
    }


class CqrsCelery(Celery):  # type: ignore[misc]  # celery has no types
    """A Celery app that asks for the servers' addresses when it connects, not before.

    Importing a domain, or looking at a task, needs no server; and embedded servers that were
    started after the import are found.
    """

    task_cls = EngineTask
    amqp_cls = "worker.base.queues:EngineAMQP"
    clock: Any
    _backend: Any

    def task(self, *args: Any, **options: Any) -> Any:
        """Declare a task of this app alone: Celery's default adds it to every app of a process.

        Raises ValueError for one without a name: a name made from Python's would change when a
        function is moved. Shared tasks of the application around us do not come by here.
        """
        if not options.get("name"):
            raise ValueError('a task needs an explicit name: @app.task(name="...")')
        options.setdefault("shared", False)
        return super().task(*args, **options)

    def connection_for_read(self, url: str | None = None, **options: Any) -> Any:
        """The connection to consume from."""
        return super().connection_for_read(url or get_settings().servers.broker, **options)

    def connection_for_write(self, url: str | None = None, **options: Any) -> Any:
        """The connection to publish to."""
        url = url or get_settings().servers.broker
        if is_redis(url):
            options["transport_options"] = _patience() | (options.get("transport_options") or {})
        return super().connection_for_write(url, **options)

    def connection(self, hostname: str | None = None, **options: Any) -> Any:
        """The connection of Flower, and of whatever else only looks.

        Celery's own takes the address from CELERY_BROKER_URL, which may be a neighbour's.
        """
        return self.connection_for_write(hostname, **options)

    broker_connection = connection

    @property
    def pool(self) -> Any:
        """The connections to publish on; a forked child makes its own."""
        forks.in_child(self.forget_connections)
        return super().pool

    @cached_property
    def AsyncResult(self) -> Any:  # noqa: N802 - Celery's name
        """The class of the handles of tasks that are no commands."""
        return self.subclass_with_self(EngineResult, reverse="AsyncResult")

    def forget_connections(self) -> None:
        """In a forked child: leave the parent's connections alone, those in kombu's pools too."""
        for group in (pools.connections, pools.producers):
            for key, pool in list(group.items()):
                if _is_of(pool, self._pool):
                    forks.keep(group.pop(key))
        self.clock = type(self.clock)(self.clock.value)  # another thread may have held its lock
        self._after_fork()

    @property
    def backend(self) -> Any:
        """The result backend: one of a process, also if several threads need the first at once.

        Celery would make one for each of them, and what waits on the others would hear of nothing.
        """
        if self._backend is None:
            forks.in_child(_locks.clear)
            with _making():
                if self._backend is None:
                    self._backend = self._get_backend()
        return self._backend

    def _get_backend(self) -> Any:
        return result_backend(self, get_settings().servers.result)

    def send_task(self, *args: Any, **options: Any) -> Any:
        """Send a task by name. Our wake-ups do, where an application's tests run tasks eagerly too:
        that it sends them all the same is meant so, and no warning."""
        with warnings.catch_warnings() if self.conf.task_always_eager else nullcontext():
            if self.conf.task_always_eager:
                warnings.simplefilter("ignore", AlwaysEagerIgnored)
            return super().send_task(*args, **options)


_locks: dict[str, threading.RLock] = {}


def _making() -> threading.RLock:
    """Held by the thread that makes the backend. Made at first use: a lock of the import's would
    not be gevent's, if that comes later."""
    return _locks.setdefault("backend", threading.RLock())


def _patience() -> dict[str, float]:
    """How long one try to publish waits for Redis. With a retry, and connecting anew, there are
    three of them: all within `connect_timeout`."""
    seconds = get_settings().connect_timeout / 4
    return {"socket_timeout": seconds, "socket_connect_timeout": seconds}


def _is_of(pool: Any, connections: Any) -> bool:
    """Whether it is this pool of connections, or one of producers on it."""
    return connections is not None and connections in (pool, getattr(pool, "connections", None))


app = CqrsCelery("cqrs", set_as_current=False)
"""Not the current app of a process that only imports us: `celery -A worker` makes it so itself."""
app.add_defaults(lambda: configuration(get_settings()))


@signals.worker_process_init.connect
def _start_child(**_: Any) -> None:
    """A forked child shares no connection with its parent."""
    db.forget()
    wake_ups.forget()


__all__ = ["QUEUES", "app"]
