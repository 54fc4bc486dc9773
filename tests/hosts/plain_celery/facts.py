"""What the shop sees of itself, as JSON; with the engine's commands imported, or without them."""

import json
import logging
import os
import sys
from decimal import Decimal
from functools import partial

import psycopg
from psycopg.types.json import set_json_loads

if sys.argv[1] == "before":
    import notes.commands
    import notes.queries

import shop
from celery import current_app

set_json_loads(partial(json.loads, parse_float=Decimal))

if sys.argv[1] == "after":
    import notes.commands
    import notes.queries  # noqa: F401

with psycopg.connect(os.environ["SHOP_DATABASE"]) as connection:
    (numbers,) = connection.execute("SELECT '[0.10, 12345678901234567890123]'::jsonb").fetchone()
shop.app.finalize()
shop.app.log.setup("INFO")
print(
    json.dumps(
        {
            "current app": current_app.main,
            "of a shared task": shop.label.app.main,
            "numbers": [repr(number) for number in numbers],
            "tasks": sorted(name for name in shop.app.tasks if not name.startswith("celery.")),
            "log": [handler.formatter._fmt for handler in logging.getLogger().handlers],
        }
    )
)
