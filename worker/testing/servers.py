"""Servers of a test run's own, embedded ones that end with it; the engine of a process on them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from worker import embedded
from worker.base import db, settings, wake_ups
from worker.base.registry import load_domains
from worker.base.settings import Settings, changed, read_settings
from worker.embedded import Servers
from worker.embedded.watchdog import watching


@contextmanager
def private_servers(wanted: frozenset[str] = embedded.BOTH) -> Iterator[Servers]:
    """PostgreSQL and Valkey, or the one that is wanted, in a folder of their own, deleted at the
    end, by SIGKILL too."""
    with (
        tempfile.TemporaryDirectory(prefix="cqrs-tests-") as home,
        watching(Path(home), remove=True),
    ):
        try:
            yield embedded.start(Path(home), durable=False, wanted=wanted)
        finally:
            embedded.remove(Path(home))


def settings_for(servers: Servers, database_url: str, home: Path, **changes: Any) -> Settings:
    """The settings of the environment, but for servers, home, and changes by name."""
    ours: dict[str, Any] = {
        "database_url": database_url,
        "query_database_url": None,
        "broker_url": servers.broker_url,
        "result_url": servers.result_url,
        "cache_url": servers.cache_url,
        "home": home,
    }
    return changed(read_settings(os.environ), **(ours | changes))


@contextmanager
def in_use(chosen: Settings) -> Iterator[None]:
    """The engine of this process with these settings, and with connections of its own."""
    with settings.using(chosen):
        load_domains()
        try:
            yield
        finally:
            db.close()
            wake_ups.forget()
