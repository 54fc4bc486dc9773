"""The application under measurement: ours, and beside it a bare Celery task with its settings."""

from __future__ import annotations

from worker import app


@app.task(name="bench.noop")
def noop(order_id: str, items: list[dict[str, object]]) -> dict[str, object]:
    """Do nothing but return what a receipt weighs."""
    return {"order_id": order_id, "status": "succeeded", "items": len(items)}
