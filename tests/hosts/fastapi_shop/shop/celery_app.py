"""The shop's own Celery app."""

from __future__ import annotations

from celery import Celery, shared_task

from shop.settings import BROKER

app = Celery("shop", broker=BROKER)


@shared_task(name="shop.greet")
def greet(name: str) -> str:
    """Greets."""
    return f"hello {name}"


@app.task(name="shop.count")
def count() -> int:
    """Counts."""
    return 1
