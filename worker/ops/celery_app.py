"""The Celery app with all that runs on it: what `celery -A worker worker|beat|flower` finds.

`worker.base.app` makes the app and knows nothing that stands above it. Here, above all that runs,
it is told what a worker and beat load when they start: the engine's own tasks, the domains, the
schedule. Nothing is loaded by importing this module.
"""

from __future__ import annotations

import sys
from typing import Any

from celery import signals

from worker.base import logs
from worker.base.actor import this_process_is_ours
from worker.base.app import app
from worker.base.errors import BadDeclarations
from worker.base.logs import get_logger
from worker.base.project import no_domains
from worker.base.settings import get_settings

log = get_logger(__name__)


@signals.import_modules.connect
def load_everything(sender: Any = None, **_: Any) -> None:
    """What a worker or beat imports at start. Other Celery apps of this process are none of ours.

    Raises BadSettings: a worker that misses a domain must not start, nor one whose pools are larger
    than PostgreSQL's own limit. Nor one whose commands would fail one by one, half done:
    RedisCluster. Where the domains name what does not exist, the program ends with the lines that
    `cqrs map` shows.
    """
    if sender is app:
        from worker.ops import declarations, servers

        logs.of_celery_programs()
        load_tasks()
        try:
            declarations.require()
        except BadDeclarations as error:
            sys.exit(str(error))
        servers.refuse_clusters()
        servers.require_room()
        app.conf.beat_schedule = beat_schedule()


@signals.celeryd_init.connect
def _say_what_runs(instance: Any = None, **_: Any) -> None:
    if instance is not None and instance.app is app and not get_settings().domains:
        log.warning(no_domains())


@signals.worker_init.connect
@signals.beat_init.connect
def _is_ours(sender: Any = None, **_: Any) -> None:
    """A worker or beat of ours. Another app's, whose process only sends to us, is none."""
    if getattr(sender, "app", None) is app:
        this_process_is_ours()


def load_tasks() -> None:
    """Import the engine's own tasks: importing registers them."""
    from worker.base import beat, memory  # noqa: F401
    from worker.commands import batches, command, queue_consumer, set_aside  # noqa: F401
    from worker.ops import maintenance, scheduled_failures  # noqa: F401
    from worker.rebuild import tasks as rebuilds  # noqa: F401
    from worker.refresh import tasks as refreshes  # noqa: F401
    from worker.schema import tasks as changesets  # noqa: F401
    from worker.subscriptions import runner  # noqa: F401


def beat_schedule() -> dict[str, Any]:
    """The schedule as beat takes it."""
    from worker.ops import schedule

    return {name: entry.to_celery() for name, entry in schedule.entries().items()}


__all__ = ["app", "beat_schedule", "load_everything", "load_tasks"]
