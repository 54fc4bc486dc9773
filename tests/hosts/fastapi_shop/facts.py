"""What is so in the process of the shop, as JSON: `python facts.py with` the engine, or `without`.

With it, the web application is imported, an order placed, sent, waited for and asked for.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import logging.config
import signal
import sys
import threading
from typing import Any

import httpx
import psycopg
import sqlalchemy as sa
from celery import current_app
from shop import celery_app, models
from shop.settings import DATABASE, LOGGING

NUMBERS = sa.text("""SELECT '{"price": 0.10, "count": 12345678901234567890123}'::jsonb""")


def facts() -> dict[str, Any]:
    """Whose app is current, what tasks it has, how numbers come out of JSON, how the shop logs."""
    celery_app.app.finalize()
    with psycopg.connect(DATABASE) as connection:
        by_psycopg = connection.execute(NUMBERS.text.encode()).fetchone()
    with models.engine.connect() as connection:
        by_sqlalchemy = connection.execute(NUMBERS).scalar()
    return {
        "current app": current_app.main,
        "shared task": celery_app.greet.app.main,
        "tasks": sorted(celery_app.app.tasks),
        "by psycopg": repr(by_psycopg),
        "by SQLAlchemy": repr(by_sqlalchemy),
        "by SQLAlchemy, asynchronous": asyncio.run(_by_async_sqlalchemy()),
        "a line of the log": _logged("shop"),
        "a line of Celery's": _logged("celery.worker"),
        "root handlers": [type(handler).__name__ for handler in logging.getLogger().handlers],
        "policy": type(asyncio.get_event_loop_policy()).__name__,
        "signals": [repr(signal.getsignal(each)) for each in (signal.SIGTERM, signal.SIGCHLD)],
        "asyncgen hooks": repr(sys.get_asyncgen_hooks()),
        "thread's hook": threading.excepthook is threading.__excepthook__,
        "exit's hook": sys.excepthook is sys.__excepthook__,
    }


async def _by_async_sqlalchemy() -> str:
    async with models.async_engine.connect() as connection:
        value = repr((await connection.execute(NUMBERS)).scalar())
    await models.async_engine.dispose()
    return f"{value} in {type(asyncio.get_running_loop()).__name__}"


def _logged(name: str) -> str:
    """A line as the shop's root handler writes it."""
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    stream = handler.setStream(io.StringIO())
    logging.getLogger(name).warning("hello")
    text = handler.setStream(stream)
    return str(text.getvalue())


async def use() -> None:
    """Use the engine as the shop's customers do."""
    from shop.main import app

    web = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=web, base_url="http://shop") as client:
        new = {"customer": "facts", "total": "9.90"}
        placed = (await client.post("/orders", json=new)).raise_for_status().json()
        (await client.post("/sent/orders", json=new)).raise_for_status()
        where = {"customer": "facts", "after": placed["position"]}
        found = (await client.get("/orders", params=where)).raise_for_status().json()
        assert placed["order_id"] in [each["order_id"] for each in found], found
    await models.async_engine.dispose()


if __name__ == "__main__":
    logging.config.dictConfig(LOGGING)
    if sys.argv[1] == "with":
        assert threading.active_count() == 1, threading.enumerate()
        asyncio.run(use())
    else:
        assert "worker" not in sys.modules
    print(json.dumps(facts()))
