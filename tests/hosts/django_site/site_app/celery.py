"""The site's own Celery app."""

from celery import Celery, shared_task

app = Celery("site", broker="memory://")


@shared_task
def greet() -> str:
    """Says hello."""
    return "hello"
