"""How it moves: commands, events, subscriptions, caches. This floor knows no domain.

`from worker import app` gives the Celery app; `celery -A worker worker|beat|flower` finds it.
"""

from worker.app import app

__all__ = ["app"]
