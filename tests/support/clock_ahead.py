"""`celery -A tests.support.clock_ahead worker`: a worker whose clock is a minute ahead.

Celery asks it whether a message has expired.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from celery.worker import request

from worker.ops.celery_app import app


class Ahead(datetime):
    """The clock of a machine that is a minute ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Ahead:
        """What that clock shows."""
        return super().now(tz) + timedelta(seconds=60)


request.datetime = Ahead

__all__ = ["app"]
