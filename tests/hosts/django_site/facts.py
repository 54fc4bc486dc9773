"""Prints what a guest could change of the site; with an argument, after the engine was used."""

import json
import logging
import os
import sys
from decimal import Decimal
from functools import partial

import django
import psycopg
from psycopg.types.json import set_json_loads

os.environ["DJANGO_SETTINGS_MODULE"] = "site_app.settings"
django.setup()
set_json_loads(partial(json.loads, parse_float=Decimal))

from celery import current_app, signals
from django.db import connection
from site_app.celery import app, greet
from site_app.models import Visit

if sys.argv[1:]:
    from django.db import transaction
    from notes.commands import write_note
    from notes.queries import notes_of

    notes_of.ask(author="nobody")
    write_note.delay(author="facts", text="sent")
    with transaction.atomic():
        write_note.enqueue(connection, author="facts", text="enqueued")

app.finalize()
numbers = "SELECT '[0.10, 12345678901234567890123]'::jsonb"
visit = Visit.objects.create(author="facts", facts={"big": 12345678901234567890123, "part": 0.1})
with psycopg.connect(os.environ["CQRS_DATABASE_URL"]) as own:
    (by_psycopg,) = own.execute(numbers).fetchone()
with connection.cursor() as cursor:
    cursor.execute(numbers)
    (by_django,) = cursor.fetchone()
root = logging.getLogger()
facts = {
    "current app": current_app.main,
    "of a shared task": greet.app.main,
    "tasks": sorted(app.tasks),
    "json of psycopg": repr(by_psycopg),
    "json of django": repr(by_django),
    "json field": repr(Visit.objects.get(pk=visit.pk).facts),
    "handlers": [f"{type(one).__name__} {one.formatter._fmt}" for one in root.handlers],
    "level": root.level,
    "loggers that speak for themselves": sorted(
        name
        for name, one in logging.Logger.manager.loggerDict.items()
        for handler in getattr(one, "handlers", ())
        if not isinstance(handler, logging.NullHandler)
    ),
    "set up by others": len(signals.setup_logging.receivers or ()),
}
logging.getLogger("site").warning("a line")
print(json.dumps(facts))
