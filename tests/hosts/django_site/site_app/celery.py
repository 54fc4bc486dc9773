"""The site's own Celery app."""

import os

from celery import Celery, shared_task

app = Celery("site", broker=os.environ.get("SITE_BROKER", "memory://"))


@shared_task
def greet() -> str:
    """Says hello."""
    return "hello"
